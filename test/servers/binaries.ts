import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Kind } from './test-server.ts'

/** Debian keeps the programs of PostgreSQL off the path, in a folder for each version. */
const VERSIONS = '/usr/lib/postgresql'

const PROGRAMS: Readonly<Record<Kind, readonly string[]>> = {
  redis: ['redis-server'],
  postgres: ['initdb', 'postgres'],
}

/** The folder with the programs of a server, or `undefined`: on the path, else where Debian puts those of PostgreSQL. */
export function binariesOf(kind: Kind, path = process.env.PATH ?? '', versions = VERSIONS): string | undefined {
  const folders = path.split(delimiter).filter(folder => folder !== '')
  if (kind === 'postgres') folders.push(...newestFirst(versions))
  return folders.find(folder => PROGRAMS[kind].every(program => isExecutable(join(folder, program))))
}

/** Which programs are looked for, for messages. */
export function programsOf(kind: Kind): string {
  return PROGRAMS[kind].join(' and ')
}

function newestFirst(versions: string): string[] {
  try {
    const names = readdirSync(versions).sort((a, b) => Number(b) - Number(a))
    return names.map(version => join(versions, version, 'bin'))
  } catch {
    return []
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
