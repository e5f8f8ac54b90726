/** The users that a caller may choose: any, or these. None: the option is off. */
export type RunAsRule = "any" | readonly string[];

export const mayChooseUser = (rule: RunAsRule, user: string): boolean => rule === "any" || rule.includes(user);
