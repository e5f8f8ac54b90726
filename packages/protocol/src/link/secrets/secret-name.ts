/**
 * Names that a secret cannot have. A caller who may start only approved scripts must not choose
 * what runs them: each of these changes the loader, a shell, an interpreter or where programs are
 * found. The list cannot be complete, because every program may read variables of its own.
 */

const PREFIXES = [
  // The agent's own: they mark the processes of a command.
  "HALLIGAN_",
  // Dynamic loaders and the C library.
  "LD_",
  "DYLD_",
  "_RLD",
  "LIBPATH",
  "MALLOC_",
  "GLIBC_",
  "GCONV_",
  "NLSPATH",
  "LOCPATH",
  "RES_OPTIONS",
  "HOSTALIASES",
  // Shells.
  "BASH_",
  "ZDOTDIR",
  "PROMPT_",
  // Runtimes and their package tools.
  "NODE_",
  "BUN_",
  "DENO_",
  "NPM_CONFIG_",
  "PYTHON",
  "PERL",
  "RUBY",
  "GEM_",
  "BUNDLE_",
  "LUA_",
  "PHP",
  "JAVA_",
  "_JAVA_",
  "JDK_JAVA_",
  "DOTNET_",
  "COMPLUS_",
  "CORECLR_",
  "COR_",
  "PSMODULE",
  "POWERSHELL_",
  // Programs that start what a variable names.
  "GIT_SSH",
  "GIT_EXEC_PATH",
  "GIT_CONFIG",
  "GIT_EXTERNAL_",
  "GIT_ASKPASS",
  "GIT_EDITOR",
  "GIT_PAGER",
  "OPENSSL_",
  "LESS",
  "LC_",
  "XDG_",
] as const;

const NAMES = new Set(
  (
    "PATH ENV IFS CDPATH SHELL SHELLOPTS BASHOPTS POSIXLY_CORRECT FPATH PS1 PS2 PS3 PS4 HISTFILE " +
    "HOME USER LOGNAME LANG LANGUAGE TZ TZDIR TERM TERMINFO TERMINFO_DIRS TERMCAP TMPDIR TMP TEMP PWD OLDPWD " +
    "EDITOR VISUAL PAGER MANPAGER BROWSER CLASSPATH GETCONF_DIR CURL_HOME WGETRC INPUTRC SSH_ASKPASS SUDO_ASKPASS " +
    "PATHEXT COMSPEC SYSTEMROOT SYSTEMDRIVE WINDIR APPDATA LOCALAPPDATA PROGRAMDATA PROGRAMFILES USERPROFILE " +
    "ALLUSERSPROFILE COMMONPROGRAMFILES HOMEDRIVE HOMEPATH"
  ).split(" "),
);

/**
 * Why a variable of this name cannot be a secret; null when it can. Compared without case, because
 * Windows does so.
 */
export function secretNameFault(name: string): string | null {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) {
    return "is no name of a variable: a letter or _, then letters, digits and _, at most 128";
  }
  const upper = name.toUpperCase();
  if (NAMES.has(upper) || PREFIXES.some((prefix) => upper.startsWith(prefix))) {
    return "cannot be a secret, because it changes what runs a script or where programs are found";
  }
  return null;
}

/** The first name that another one equals without case; null when there is none. */
export function repeatedSecretName(names: readonly string[]): string | null {
  const seen = new Set<string>();
  for (const name of names) {
    const upper = name.toUpperCase();
    if (seen.has(upper)) return name;
    seen.add(upper);
  }
  return null;
}
