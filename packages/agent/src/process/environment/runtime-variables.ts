/**
 * Variables by which Bun, the runtime inside the executable, runs other code or takes other options
 * than the program's own: `BUN_OPTIONS` loads a module before ours, `BUN_INSPECT` opens a debugger.
 * With `BUN_BE_BUN=1` the executable is plain Bun and runs nothing of ours, so it cannot refuse
 * that value (docs/platforms.md#the-runtime-in-the-executable).
 */
const RUNTIME_VARIABLE = /^BUN_(?:OPTIONS$|BE_BUN$|INSPECT|JSC_)/i;

export const isRuntimeVariable = (name: string): boolean => RUNTIME_VARIABLE.test(name);

/** Why the agent does not start with this environment, or null. */
export function runtimeVariableFault(env: NodeJS.ProcessEnv): string | null {
  const name = Object.keys(env).find(isRuntimeVariable);
  if (name === undefined) return null;
  return `${name} is set, which changes the code or the options of the runtime inside this program. Unset it and start again.`;
}
