/** Why a command ended that did not end by itself, as people read it. */
export const CANCELLED_TEXT = "Cancelled before it ended.";
export const STOPPED_TEXT = "Interrupted: the agent was stopped while the script ran.";
export const CRASHED_TEXT = "Interrupted: the agent stopped while the script ran.";
