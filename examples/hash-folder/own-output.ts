import { fstatSync } from 'node:fs'
import { identity } from './hash-file.ts'

const STDOUT = 1
const STDERR = 2

/**
 * The files that stdout and stderr are redirected to, by their identity. One that lies in the folder it describes grows
 * while it is read: its hash would be wrong as soon as it is printed.
 */
export function ownOutput(): readonly string[] {
  return [STDOUT, STDERR].map(descriptor => identity(fstatSync(descriptor, { bigint: true })))
}
