import { relative, resolve } from 'node:path'

const PROJECT = resolve(import.meta.dirname, '../..')

const SCRIPTS = ['start', 'demo:distributed']

/**
 * Whether a script of the project runs this, such as `npm start`. The working directory is part of the answer, because whatever npm starts hands npm's
 * environment on to programs of its own.
 */
export const startedByNpm = SCRIPTS.includes(process.env.npm_lifecycle_event ?? '') && process.cwd() === PROJECT

/** npm runs scripts in the package's folder: go back to where the caller stands, so that paths mean what they meant. */
export function returnToCaller(): void {
  if (startedByNpm && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD)
}

/** The project's own folder, as the caller would write it. */
export function projectFolder(): string {
  return relative(process.cwd(), PROJECT) || '.'
}
