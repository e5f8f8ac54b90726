/** The table of docs/scripts.md, row by row, without a device. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseInterpreter, type Device } from "../../src/commands/scripts/interpreter.ts";
import { lineEnds } from "../../src/commands/scripts/script-content.ts";

const PROGRAMS = ["bash", "sh", "dash", "env", "python3", "perl", "ruby", "node", "pwsh", "awk"];

function device(changes: Partial<Device> & { programs?: readonly string[] } = {}): Device {
  const programs = changes.programs ?? PROGRAMS;
  return {
    platform: "linux",
    arch: "x64",
    find: (names) => {
      const name = names.find((wanted) => programs.includes(wanted));
      return name === undefined ? null : `/usr/bin/${name}`;
    },
    isProgram: (file) =>
      file.startsWith("/scripts/") ||
      programs.some((name) => /^\/(usr\/)?bin\//.test(file) && file.endsWith(`/${name}`)),
    ...changes,
  };
}

const MARK = "\ufeff";
const utf16 = (text: string) => Buffer.from(text, "utf16le");
const utf16be = (text: string) => utf16(text).swap16();
const PWSH = "/usr/bin/pwsh -NoProfile -NonInteractive -ExecutionPolicy Bypass -File";
const archive = `#!/bin/bash\nexit\n${"x".repeat(600)}\0\r\n`;

/** An ELF file's beginning: class, byte order, type, machine. */
function elf(machine: number, type = 2, order: "little" | "big" = "little"): Uint8Array {
  const head = Buffer.alloc(64);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, order === "little" ? 1 : 2, 1]);
  if (order === "little") {
    head.writeUInt16LE(type, 16);
    head.writeUInt16LE(machine, 18);
  } else {
    head.writeUInt16BE(type, 16);
    head.writeUInt16BE(machine, 18);
  }
  return head;
}

function choose(name: string, content: string | Uint8Array, on: Device = device()) {
  const head = typeof content === "string" ? Buffer.from(content) : content;
  return chooseInterpreter(`/scripts/${name}`, head, on);
}

const RUNS: readonly (readonly [what: string, name: string, content: string | Uint8Array, command: string])[] = [
  ["no ending is bash's", "collect", "echo\n", "/usr/bin/bash /scripts/collect"],
  [".sh is bash's", "a.sh", "echo\n", "/usr/bin/bash /scripts/a.sh"],
  [".bash is bash's", "a.bash", "echo\n", "/usr/bin/bash /scripts/a.bash"],
  [".py is Python's", "a.py", "print(1)\n", "/usr/bin/python3 /scripts/a.py"],
  [".pl is Perl's", "a.pl", "print 1;\n", "/usr/bin/perl /scripts/a.pl"],
  [".rb is Ruby's", "a.rb", "puts 1\n", "/usr/bin/ruby /scripts/a.rb"],
  [".js is Node's", "a.js", "1\n", "/usr/bin/node /scripts/a.js"],
  [".mjs is Node's", "a.mjs", "1\n", "/usr/bin/node /scripts/a.mjs"],
  [".cjs is Node's", "a.cjs", "1\n", "/usr/bin/node /scripts/a.cjs"],
  [".ps1 is PowerShell's", "a.ps1", "1\r\n", `${PWSH} /scripts/a.ps1`],
  ["endings in capitals are the same", "A.PY", "print(1)\n", "/usr/bin/python3 /scripts/A.PY"],
  ["a '#!' line decides before the ending", "a.py", "#!/usr/bin/perl\n", "/usr/bin/perl /scripts/a.py"],
  ["one option goes with the program", "a.sh", "#!/bin/sh -eu\n", "/bin/sh -eu /scripts/a.sh"],
  ["options are one argument, as in the kernel", "a", "#!/usr/bin/awk -f -x\n", "/usr/bin/awk -f -x /scripts/a"],
  ["blanks around the program do not count", "a.sh", "#! \t /bin/sh\t-e \t\n", "/bin/sh -e /scripts/a.sh"],
  ["a '#!' line needs no line end", "a.sh", "#!/bin/sh", "/bin/sh /scripts/a.sh"],
  ["env finds a program", "a", "#!/usr/bin/env python3\n", "/usr/bin/env python3 /scripts/a"],
  ["env -S splits", "a", "#!/usr/bin/env -S python3 -u\n", "/usr/bin/env -S python3 -u /scripts/a"],
  ["env -S sets variables", "a", "#!/usr/bin/env -S A=1 python3\n", "/usr/bin/env -S A=1 python3 /scripts/a"],
  ["options before -S are env's own", "a", "#!/usr/bin/env -vS sh\n", "/usr/bin/env -vS sh /scripts/a"],
  ["so are options behind -S", "a", "#!/usr/bin/env -S -i -u A sh\n", "/usr/bin/env -S -i -u A sh /scripts/a"],
  ["so are quotes", "a", "#!/usr/bin/env -S 'a tool' -x\n", "/usr/bin/env -S 'a tool' -x /scripts/a"],
  ["CR LF is a line end to Python", "a.py", "print(1)\r\n", "/usr/bin/python3 /scripts/a.py"],
  ["a mark is what it is to Python", "a.py", `${MARK}print(1)\n`, "/usr/bin/python3 /scripts/a.py"],
  ["a mark is what it is to PowerShell", "a.ps1", `${MARK}1\r\n`, `${PWSH} /scripts/a.ps1`],
  ["UTF-16 with a mark is PowerShell's too", "a.ps1", utf16(`${MARK}1\r\n`), `${PWSH} /scripts/a.ps1`],
  ["text that is not UTF-8 is not judged", "a.sh", Buffer.from("echo \xe4\n", "latin1"), "/usr/bin/bash /scripts/a.sh"],
  ["an archive behind a script is not judged", "a.sh", archive, "/bin/bash /scripts/a.sh"],
  ["a program of this device runs by itself", "tool", elf(62), "/scripts/tool"],
  ["so does one that can be placed anywhere", "tool.bin", elf(62, 3), "/scripts/tool.bin"],
  ["so does one of 32 bits", "tool", elf(3), "/scripts/tool"],
];

for (const [what, name, content, command] of RUNS) {
  test(`what runs a script: ${what}`, () => {
    const found = choose(name, content);
    assert.ok(found.kind === "found", JSON.stringify(found));
    assert.equal([found.file, ...found.args].join(" "), command);
    assert.deepEqual([found.notes, found.withoutMark], [[], false]);
  });
}

const ENV_ALONE = /names env without a program.*'#!\/usr\/bin\/env -S/;

const REFUSED: readonly (readonly [
  what: string,
  name: string,
  content: string | Uint8Array,
  error: RegExp,
  on?: Device,
])[] = [
  ["an empty file", "a.sh", "", /is empty.*Upload the file again/],
  ["a mark and nothing else", "a.sh", MARK, /is empty/],
  ["CR LF in a shell script", "a.sh", "echo a\r\necho b\r\n", /Windows line ends \(CR LF\).*dos2unix/],
  ["CR LF without an ending", "a", "set -e\r\n", /Windows line ends \(CR LF\)/],
  ["CR LF behind a mark", "a.sh", `${MARK}echo\r\n`, /Windows line ends \(CR LF\)/],
  ["CR LF in a '#!' line", "a.py", "#!/usr/bin/env python3\r\nprint(1)\r\n", /'#!' line names no program.*dos2unix/],
  ["CR alone", "a.sh", "echo a\recho b\r", /old line ends \(CR\).*dos2unix/],
  ["UTF-16", "a.sh", utf16(`${MARK}echo\n`), /UTF-16 text.*Save it as UTF-8/],
  ["UTF-16 in the other byte order", "a.sh", utf16be(`${MARK}#!/bin/sh\n`), /UTF-16 text/],
  ["UTF-16 without a mark", "a.sh", utf16("#!/bin/sh\necho\n"), /UTF-16 text/],
  ["UTF-16 of a script in Python", "a.py", utf16(`${MARK}print(1)\n`), /UTF-16 text/],
  ["UTF-16 without a mark of PowerShell", "a.ps1", utf16("Get-Date\r\n"), /UTF-16 text/],
  ["UTF-32", "a.sh", Buffer.from([0xff, 0xfe, 0, 0, 0x23, 0, 0, 0]), /UTF-32 text/],
  ["a '#!' line without a program", "a.sh", "#!\necho\n", /names no program\. Write one such as/],
  ["a program without a full path", "a", "#!python3\n", /names 'python3', which is not a full path.*env python3/],
  ["a path of Windows", "a.sh", "#!C:\\bash.exe\n", /not a full path/],
  ["a program that is not there", "a", "#!/opt/tool\n", /no program \/opt\/tool.*Install it or name another/],
  ["a folder", "a", "#!/usr/bin\n", /no program \/usr\/bin/],
  ["a '#!' line that is too long", "a", `#!/bin/sh ${"x".repeat(300)}\n`, /longer than 255 bytes\. Shorten it/],
  ["a NUL in a '#!' line", "a", "#!/bin/sh\0\n", /neither text nor a program/],
  ["env without a program", "a", "#!/usr/bin/env\n", /names env without a program/],
  ["env that would start the script itself, again and again", "a", "#!/usr/bin/env -i\n", ENV_ALONE],
  ["the same by an assignment", "a", "#!/usr/bin/env A=1\n", ENV_ALONE],
  ["the same by an option and its value", "a", "#!/usr/bin/env --unset=A\n", ENV_ALONE],
  ["env with options of its own", "a", "#!/usr/bin/env -i python3\n", /Write '#!\/usr\/bin\/env -S -i python3'/],
  ["the same behind -S", "a", "#!/usr/bin/env -S\n", ENV_ALONE],
  ["the same by an option behind -S", "a", "#!/usr/bin/env -S -i\n", ENV_ALONE],
  ["the same by options with values", "a", "#!/usr/bin/env -S -u A --chdir /tmp B=1\n", ENV_ALONE],
  ["env options and a program that is not there", "a", "#!/usr/bin/env -S -i php\n", /no program php in the PATH/],
  ["env with options of the program", "a", "#!/usr/bin/env python3 -u\n", /Write '#!\/usr\/bin\/env -S python3 -u'/],
  ["env with a program that is not there", "a", "#!/usr/bin/env php\n", /no program php in the PATH of scripts/],
  ["the same with -S", "a", "#!/usr/bin/env -S php -q\n", /no program php in the PATH/],
  [
    "an ending that is not known",
    "a.lua",
    "print(1)\n",
    /what runs a script named '\*\.lua'.*'#!\/usr\/bin\/env python3'.*\.py/,
  ],
  ["an ending that is a word of the language", "a.constructor", "x\n", /what runs a script named/],
  [
    "an interpreter that is not there",
    "a.rb",
    "puts 1\n",
    /no ruby, which scripts named '\*\.rb' need\. Install it, or begin/,
    device({ programs: [] }),
  ],
  ["no shell", "a.sh", "echo\n", /no bash and no sh, which shell scripts need/, device({ programs: [] })],
  ["no PowerShell", "a.ps1", "1\n", /no pwsh, which scripts named '\*\.ps1' need/, device({ programs: [] })],
  ["a program for another processor", "tool", elf(183), /a program \(ELF for arm64\); this device is linux on x64/],
  ["one in the other byte order", "tool", elf(22, 2, "big"), /a program \(ELF for s390x\)/],
  ["one for a processor without a name here", "tool", elf(999), /a program \(ELF for another processor\)/],
  ["a library", "lib.so", elf(62, 1), /a library or object file \(ELF for x64\)/],
  ["a program of Windows", "tool.exe", "MZ\x90\0\x03\0\0\0", /a program \(Windows\).*Upload a build for it/],
  ["a program of macOS", "tool", Uint8Array.of(0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1), /a program \(Mach-O\)/],
  [
    "a file system that forbids programs",
    "tool",
    elf(62),
    /noexec.*another data folder/,
    device({ isProgram: () => false }),
  ],
  ["an archive", "a.sh", Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0), /neither text nor a program.*PutFile/],
  ["a picture", "a", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), /neither text nor a program/],
];

for (const [what, name, content, error, on] of REFUSED) {
  test(`a script is refused with the remedy for ${what}`, () => {
    const found = choose(name, content, on);
    assert.ok(found.kind === "none", JSON.stringify(found));
    assert.match(found.error, error);
    assert.match(found.error, /\.$/);
  });
}

test("a mark before '#!' does not hide the interpreter; a shell's copy loses it, Python's keeps it", () => {
  for (const [line, isRemoved] of [
    ["#!/bin/bash", true],
    ["#!/usr/bin/awk -f", true],
    ["#!/usr/bin/env -S bash -e", true],
    ["#!/usr/bin/env python3", false],
    ["#!/usr/bin/perl", false],
  ] as const) {
    const found = choose("a", `${MARK}${line}\n`);
    assert.ok(found.kind === "found", JSON.stringify(found));
    assert.equal(found.file, line.slice(2).split(" ")[0]);
    assert.equal(found.withoutMark, isRemoved, line);
  }
  const shell = choose("a.sh", `${MARK}echo\n`);
  assert.equal(shell.kind === "found" && shell.withoutMark, true);
});

test("a shell script with both kinds of line ends runs with a note that names the first line", () => {
  for (const name of ["a.sh", "a"]) {
    const found = choose(name, "#!/bin/bash\necho a\necho b\r\necho c\n");
    assert.match(found.kind === "found" ? (found.notes[0] ?? "") : "", /line 3 is the first that ends with CR LF/);
  }
  const python = choose("a", "#!/usr/bin/env python3\nprint(1)\r\n");
  assert.deepEqual(python.kind === "found" && python.notes, []);
});

test("Windows ignores a '#!' line, runs PowerShell and its own programs, and refuses those of others", () => {
  const windows = device({ platform: "win32", find: (names) => `C:\\${names[0]}` });
  const found = choose("a.ps1", "#!/usr/bin/env pwsh\r\n1\r\n", windows);
  assert.equal(found.kind === "found" && found.file, "C:\\pwsh.exe");
  const program = choose("tool.exe", "MZ\x90\0", windows);
  assert.equal(program.kind === "found" && program.file, "/scripts/tool.exe");
  assert.equal(choose("tool", "MZ\x90\0", windows).kind, "none");
  assert.equal(choose("tool", elf(62), windows).kind, "none");
});

test("line ends are those of the text before the first NUL", () => {
  const of = (text: string) => lineEnds(Buffer.from(text));
  assert.deepEqual(of("a"), { first: null, firstCrLfLine: null });
  assert.deepEqual(of("a\rb\nc"), { first: "LF", firstCrLfLine: null });
  assert.deepEqual(of("\r\n"), { first: "CR LF", firstCrLfLine: 1 });
  assert.deepEqual(of("a\n\0b\r\n"), { first: "LF", firstCrLfLine: null });
  assert.deepEqual(of("a\rb\r\nc\n"), { first: "CR LF", firstCrLfLine: 1 });
});
