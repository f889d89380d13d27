/** A rule of retries, as documents write it. */
export interface RetryRuleSettings {
  /** Attempts in all. */
  readonly attempts?: number
  /** Before the second attempt, doubled for each further one: `1s`, `500ms`. */
  readonly delay?: string
  /** The longest wait: `60s`. */
  readonly longest?: string
}

/** One value for all attempts, or one for each. */
export type PerAttempt<A> = A | ReadonlyArray<A>

/** How a stage is run: what documents say beside `uses` and `with`, in the same words. */
export interface StageSettings {
  /** How often a failure that may pass is tried again; a number is the attempts in all. */
  readonly retry?:
    | number
    | (RetryRuleSettings & {
        readonly [kind in "transient" | "crash" | "timeout"]?: number | RetryRuleSettings
      })
  /** How long an attempt may take: `90s`, `1h30m`. */
  readonly timeout?: string
  /**
   * What an attempt holds: cores, memory (`4GB`), graphics processors, shares of pools by their names. A list says it for
   * the first, the second, … attempt; its last item holds for the rest.
   */
  readonly resources?: {
    readonly cpu?: PerAttempt<number>
    readonly memory?: PerAttempt<string>
    readonly gpu?: PerAttempt<number>
    readonly [pool: string]: PerAttempt<number> | PerAttempt<string> | undefined
  }
  /** Environment variables that it is given. */
  readonly env?: Readonly<Record<string, string>>
  /** Names of environment variables that hold secrets which it is given. */
  readonly secrets?: ReadonlyArray<string>
  /** `false`: runs every time; `read-only`: takes results from the store, but leaves none there. */
  readonly cache?: boolean | "read-only"
  /** Stages that must come before although none of their outputs is used. */
  readonly needs?: ReadonlyArray<{ readonly name: string }>
}
