/**
 * Places for running sessions (docs/contract/http-api.md#rate-limits;
 * docs/contract/choices.md#sessions-that-count).
 *
 * A session takes a place when it is accepted for a machine that is linked; with no place left it
 * is refused. A session for an absent machine takes none: it waits, and when its machine is back it
 * takes one as soon as it is free, oldest first. A machine that goes away gives its place back: at
 * once when nothing has started, after a grace when something runs.
 */
export type SessionPlace = { held: false } | { held: true; untilMs: number | null };

/** The most that the setting takes: nobody counts, and nobody waits to be counted. */
const UNLIMITED = 1_000_000_000;

export const arePlacesLimited = (places: number): boolean => places < UNLIMITED;

/** May a session that was just asked for start? */
export function placeForNew(isMachineLinked: boolean, placesTaken: number, places: number): SessionPlace | "noPlace" {
  if (!isMachineLinked) return { held: false };
  return placesTaken < places ? { held: true, untilMs: null } : "noPlace";
}

/** `waiting`: sessions of linked machines without a place, oldest first; as many may start as there are places left. */
export function mayTakePlace(
  actionId: string,
  waiting: readonly string[],
  placesTaken: number,
  places: number,
): boolean {
  const rank = waiting.indexOf(actionId);
  return rank >= 0 && rank < places - placesTaken;
}

/** The place of a session whose machine's link has gone. */
export function placeWhenAway(place: SessionPlace, hasStarted: boolean, nowMs: number, graceMs: number): SessionPlace {
  if (!place.held || !hasStarted) return { held: false };
  return { held: true, untilMs: nowMs + graceMs };
}
