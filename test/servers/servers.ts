import { userInfo } from 'node:os'
import { binariesOf, programsOf } from './binaries.ts'
import { type OwnServer, startPostgres, startRedis } from './own-server.ts'
import { refusalOf } from './probe.ts'
import { type Kind, TITLES } from './test-server.ts'

/** Where to look; the parameters are for tests of the search itself. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly ports: Readonly<Record<Kind, number>>
  /** Whether this machine has the programs of a server. */
  readonly startable: (kind: Kind) => boolean
}

/** What there is of one kind. */
export interface Found {
  readonly kind: Kind
  /** `undefined`: tests that need such a server can't run. */
  readonly url: string | undefined
  /** Whether tests can start one of their own. */
  readonly startable: boolean
  /** Why there is no URL. */
  readonly why: string
  /** The one that was started, for the caller to dispose. */
  readonly started?: OwnServer
}

const VARIABLES: Readonly<Record<Kind, string>> = { redis: 'REDIS_URL', postgres: 'DATABASE_URL' }

const HERE: Surroundings = {
  environment: process.env,
  ports: { redis: 6379, postgres: 5432 },
  startable: kind => binariesOf(kind) !== undefined,
}

/**
 * Finds the server that tests of a kind use: the one that `REDIS_URL` or `DATABASE_URL` names, and no other then; else
 * the one at the usual port of 127.0.0.1; else one that it starts.
 */
export async function findServer(kind: Kind, { environment, ports, startable }: Surroundings = HERE): Promise<Found> {
  const found = { kind, url: undefined, startable: startable(kind), why: '' }
  const variable = VARIABLES[kind]
  const named = environment[variable]
  if (named) {
    const refusal = await refusalOf(kind, named)
    return refusal === undefined ? { ...found, url: named } : { ...found, why: `${variable} does not work: ${refusal}` }
  }

  let why = ''
  for (const url of usualUrls(kind, ports[kind])) {
    const refusal = await refusalOf(kind, url)
    if (refusal === undefined) return { ...found, url }
    why = refusal
  }

  if (!found.startable) return { ...found, why: `${why}, and no ${programsOf(kind)} on this machine` }
  try {
    const started = await (kind === 'redis' ? startRedis() : startPostgres())
    return { ...found, url: started.url, started }
  } catch (error) {
    return { ...found, why: `${why}, and ${(error as Error).message}` }
  }
}

/** Which tests can't run with what was found, and why, in one line; `undefined` when all can. */
export function skippedTests(all: readonly Found[]): string | undefined {
  const parts = all.flatMap(({ kind, url, startable, why }) => {
    if (url === undefined) return [`those on ${TITLES[kind]} (${why})`]
    return startable ? [] : [`those that stop a ${TITLES[kind]} (no ${programsOf(kind)} on this machine)`]
  })
  if (parts.length === 0) return undefined
  return parts.join('; ').replaceAll(/\s+/g, ' ')
}

function usualUrls(kind: Kind, port: number): string[] {
  if (kind === 'redis') return [`redis://127.0.0.1:${port}`]
  const users = new Set(['postgres', currentUser()])
  return [...users].flatMap(user =>
    ['test', 'postgres'].map(database => `postgres://${encodeURIComponent(user)}@127.0.0.1:${port}/${database}`),
  )
}

/** Containers run processes as users that have no name. */
function currentUser(): string {
  try {
    return userInfo().username
  } catch {
    return 'postgres'
  }
}
