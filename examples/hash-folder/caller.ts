import { relative, resolve } from 'node:path'

const PROJECT = resolve(import.meta.dirname, '../..')

/**
 * Whether `npm start` runs this. The working directory is part of the answer, because whatever npm starts hands npm's
 * environment on to programs of its own.
 */
export const startedByNpm = process.env.npm_lifecycle_event === 'start' && process.cwd() === PROJECT

/** npm runs scripts in the package's folder: go back to where the caller stands, so that paths mean what they meant. */
export function returnToCaller(): void {
  if (startedByNpm && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD)
}

/** The project's own folder, as the caller would write it. */
export function projectFolder(): string {
  return relative(process.cwd(), PROJECT) || '.'
}
