/** Error texts for people: why a command was ended. */
export const CANCELLED_TEXT = "Cancelled before it ended.";
export const STOPPED_TEXT = "Interrupted: the agent was stopped while the script ran.";
export const STOPPED_BEFORE_TEXT = "Interrupted: the agent was stopped before the script started.";
/**
 * The start was journaled and no process was. Either the start waited for its grant, or the process
 * had just been created.
 */
export const CRASHED_AT_START_TEXT =
  "Interrupted: the agent stopped when the script was about to start; whether it ran is not known.";
export const CRASHED_TEXT = "Interrupted: the agent stopped while the script ran.";
