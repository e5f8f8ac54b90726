/**
 * Options of every method.
 *
 * @example
 * ```ts
 * const options: CallOptions = { signal: AbortSignal.timeout(10_000) };
 * console.log(await client.info(options));
 * ```
 */
export interface CallOptions {
  /** Aborts the call and its waits with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Options of the methods that start an action.
 *
 * @example
 * ```ts
 * const machineId = "1e5bc9d7e413ddd7902c2932e418702b84d0cc07";
 * const params = [{ key: "ScriptName", value: "triage.sh" }];
 * const options: StartOptions = { idempotencyKey: crypto.randomUUID() };
 * const Commands = [{ type: "RunScript" as const, params }];
 * const request = { Commands, Comment: "case 4711" };
 * const action = await client.startLiveResponse(machineId, request, options);
 * console.log(action.id);
 * ```
 */
export interface StartOptions extends CallOptions {
  /**
   * 1 to 255 visible ASCII characters, new for each start. With it the client repeats a start whose
   * response was lost, and the server starts one action for all requests with this key within 24
   * hours. 422 `IdempotencyKeyReused` when the key was used for another request. Only Halligan has
   * this; another server ignores the key and may start twice.
   */
  idempotencyKey?: string | undefined;
}
