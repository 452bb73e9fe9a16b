/** One line of the table: what was measured, and how it stands to its goal. */
export interface Row {
  readonly label: string
  /** The median over the rounds, in `unit`. */
  readonly value: number
  readonly unit: string
  /** Ours divided by this row's, or whatever the label says it is; absent where there is nothing to compare. */
  readonly ratio?: number
  /** What the ratio, or without one the value, may be at most. */
  readonly goal?: number
}

/** What the default export of a file in `cases/`, `(rounds: number) => Promise<CaseResult>`, hands back. */
export interface CaseResult {
  /** The workload in one line. */
  readonly title: string
  readonly rows: readonly Row[]
}

/** Whether a row reaches its goal; `undefined` when it has none. */
export function met({ value, ratio, goal }: Row): boolean | undefined {
  return goal === undefined ? undefined : (ratio ?? value) <= goal
}
