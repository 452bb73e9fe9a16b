import { describe, inject } from 'vitest'
import { type OwnServer, type OwnServerOptions, startPostgres, startRedis } from './own-server.ts'
import { KINDS, type Kind, type TestServer, TITLES } from './test-server.ts'

const servers = inject('servers')

/** `undefined`: there is none, and tests that need it must be skipped. */
export const redisUrl: string | undefined = servers.redis.url
/** `undefined`: there is none, and tests that need it must be skipped. */
export const postgresUrl: string | undefined = servers.postgres.url

/** Nobody listens there: a skipped suite is read all the same. */
const NOWHERE: Readonly<Record<Kind, string>> = {
  redis: 'redis://127.0.0.1:1',
  postgres: 'postgres://postgres@127.0.0.1:1/test',
}

/** A server kind of which a test can have one for itself. */
export interface OwnKind {
  readonly kind: Kind
  /** Starts one that keeps its data when it is stopped or killed, of whichever kind. Dispose it. */
  start(options?: OwnServerOptions): Promise<OwnServer>
}

/**
 * A suite for each kind of server, called `<name> on Redis` and `<name> on PostgreSQL`; skipped where there is none.
 * The server is shared with all other tests: use {@link ownQueue}, and never stop it.
 */
export function describeEachServer(name: string, body: (server: TestServer) => void): void {
  for (const kind of KINDS) describeOn(kind, name, body)
}

/** The same for one kind. */
export function describeOn(kind: Kind, name: string, body: (server: TestServer) => void): void {
  const { url } = servers[kind]
  describe.skipIf(url === undefined)(`${name} on ${TITLES[kind]}`, () => body({ kind, url: url ?? NOWHERE[kind] }))
}

/** A suite for each kind of server whose tests start their own, to stop and to kill; skipped where that is impossible. */
export function describeEachOwnServer(name: string, body: (server: OwnKind) => void): void {
  for (const kind of KINDS) describeOwn(kind, name, body)
}

/** The same for one kind. */
export function describeOwn(kind: Kind, name: string, body: (server: OwnKind) => void): void {
  const start: OwnKind['start'] =
    kind === 'redis' ? options => startRedis({ ...options, persistent: true }) : startPostgres
  describe.skipIf(!servers[kind].startable)(`${name} on a ${TITLES[kind]} of its own`, () => body({ kind, start }))
}
