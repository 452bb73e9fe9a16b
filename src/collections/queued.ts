/** What an item needs to stand in a queue: its rank, and a place for the queue to remember where it stands. */
export interface Queued {
  /** Higher goes first. */
  readonly priority: number
  /** Order of arrival within a priority; set by the queue. */
  sequence: number
  /** Where the item stands, -1 when it does not; set by the queue. */
  position: number
}
