/** Its end is that of the caller's process: the worker reads it, nobody writes. */
export const LIFELINE = 3
/** What is said to the worker. */
export const INCOMING = 4
/** What the worker says. */
export const OUTGOING = 5
