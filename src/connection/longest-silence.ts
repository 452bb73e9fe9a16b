/**
 * Milliseconds without a byte after which a connection is asked for a sign of life, and after which, without one, it is
 * given up. Nothing that waits on a server may take longer to say so.
 */
export const LONGEST_SILENCE = 15_000
