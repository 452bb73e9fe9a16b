import { type BigIntStats, fstatSync } from 'node:fs'

const STDOUT = 1
const STDERR = 2

/**
 * Recognises the files that stdout and stderr are redirected to. One that lies in the folder it describes grows while
 * it is read: its hash would be wrong as soon as it is printed.
 */
export function ownOutput(): (file: BigIntStats) => boolean {
  const identity = ({ dev, ino }: BigIntStats) => `${dev}:${ino}`
  const own = new Set([STDOUT, STDERR].map(descriptor => identity(fstatSync(descriptor, { bigint: true }))))
  return file => own.has(identity(file))
}
