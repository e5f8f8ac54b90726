/**
 * Control characters, and what `INVISIBLE` has, for an expression that knows no classes of Unicode.
 */
const UNSEEN = "\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060\\u2066-\\u2069\\ufeff";

/**
 * Names of machines, groups and applications: one line with something to see in it. For a JSON
 * schema.
 */
export const NAME_PATTERN = `^[^\\s${UNSEEN}]([^${UNSEEN}]*[^\\s${UNSEEN}])?$`;

/** Marks that reverse, hide or break text: two names that look the same would differ. */
const INVISIBLE = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\u200b\u2060\ufeff]/u;

/** What is wrong with a name that a person gives, with the remedy; null for a valid name. */
export function nameFault(name: string, maxLength: number): string | null {
  if (name.trim() === "") return "is empty or has only blanks: give a name, or leave the option out";
  if (INVISIBLE.test(name)) return "contains a control character or an invisible mark: type it without";
  if (name !== name.trim()) return "begins or ends with a blank: remove it";
  if (!name.isWellFormed()) return "is not well-formed Unicode: type it again";
  return name.length > maxLength ? `has ${name.length} characters: the longest is ${maxLength}` : null;
}
