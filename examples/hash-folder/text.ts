import { getSystemErrorMessage } from 'node:util'

/** A path for people: control characters, which could drive the terminal, are written as `\x1b`. */
export function shown(path: Buffer): string {
  return path.toString().replace(/\p{Cc}/gu, character => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** Why something failed, without the path that system errors repeat: `permission denied (EACCES)`. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { errno, code } = error as NodeJS.ErrnoException
  return errno === undefined ? error.message : `${getSystemErrorMessage(errno)} (${code})`
}

/** `1 file`, `2 files`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** A number of bytes in the unit that suits it, in powers of 1000. */
export function size(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1)
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`
}

/** Throughput in MB/s, the unit that stays comparable from run to run. */
export function speed(bytes: number, milliseconds: number): string {
  return `${(milliseconds > 0 ? bytes / 1000 / milliseconds : 0).toFixed(1)} MB/s`
}
