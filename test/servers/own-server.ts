import { join } from 'node:path'
import { binariesOf, programsOf } from './binaries.ts'
import { freePort } from './free-port.ts'
import { createCluster } from './postgres-cluster.ts'
import { ServerFolder } from './server-folder.ts'
import { ServerProcess } from './server-process.ts'
import { type Kind, type TestServer, TITLES } from './test-server.ts'

/** A server that belongs to one test, which may do to it whatever it likes. Dispose it: that removes its data too. */
export interface OwnServer extends TestServer, AsyncDisposable {
  readonly port: number
  /** Starts it again on the same port, with what it kept; resolves when it accepts connections. No-op while it runs. */
  start(): Promise<void>
  /** Ends it in order. Resolves when it has ended. No-op while it does not run. */
  stop(): Promise<void>
  /** Ends it and all its processes with SIGKILL. Resolves when they have ended. No-op while it does not run. */
  kill(): Promise<void>
}

export interface OwnServerOptions {
  /** @default a free one */
  readonly port?: number
  /** A client must give it to connect. @default none is asked for */
  readonly password?: string
}

export interface OwnRedisOptions extends OwnServerOptions {
  /** Whether `stop` and `kill` leave it all the data that it has confirmed; otherwise it loses all. @default false */
  readonly persistent?: boolean
}

/** Rejects when there is no Redis on this machine, or it does not start. */
export async function startRedis({ port, password, persistent = false }: OwnRedisOptions = {}): Promise<OwnServer> {
  const binaries = binariesFor('redis')
  // `everysec` may confirm a write before the system has it, which a kill of the process would lose.
  const settings = {
    bind: '127.0.0.1',
    save: '',
    appendonly: persistent ? 'yes' : 'no',
    appendfsync: 'no',
    ...(password !== undefined && { requirepass: password }),
  }
  return startOwn(port, {
    kind: 'redis',
    folder: new ServerFolder('redis', { signal: 'SIGKILL' }),
    goodbye: 'SIGTERM',
    command: at => [
      join(binaries, 'redis-server'),
      ...Object.entries({ ...settings, port: `${at}` }).flatMap(([name, value]) => [`--${name}`, value]),
    ],
    url: at => `redis://${password === undefined ? '' : `${secret(password)}@`}127.0.0.1:${at}`,
  })
}

/** Rejects when there is no PostgreSQL on this machine, or it does not start. It keeps its data, whatever ends it. */
export async function startPostgres({ port, password }: OwnServerOptions = {}): Promise<OwnServer> {
  const binaries = binariesFor('postgres')
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // A commit is with the system when it is confirmed. Only the end of the system itself would lose it.
    fsync: 'off',
    full_page_writes: 'off',
    shared_buffers: '16MB',
    // In the folder, and removed with it: shared memory would outlive a server that is killed.
    dynamic_shared_memory_type: 'mmap',
    log_min_messages: 'log',
  }
  const folder = new ServerFolder('postgres', { user: 'postgres', signal: 'SIGQUIT' })
  const data = join(folder.path, 'data')
  return startOwn(port, {
    kind: 'postgres',
    folder,
    goodbye: 'SIGINT',
    prepare: () => createCluster(folder, { initdb: join(binaries, 'initdb'), data, password }),
    command: at => [
      join(binaries, 'postgres'),
      ...['-D', data, '-p', `${at}`],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    url: at => `postgres://postgres${secret(password)}@127.0.0.1:${at}/postgres`,
  })
}

interface Plan {
  readonly kind: Kind
  readonly folder: ServerFolder
  readonly goodbye: NodeJS.Signals
  readonly prepare?: () => Promise<void>
  readonly command: (port: number) => readonly string[]
  readonly url: (port: number) => string
}

async function startOwn(wanted: number | undefined, plan: Plan): Promise<OwnServer> {
  const { kind, folder, goodbye } = plan
  try {
    await plan.prepare?.()
    for (;;) {
      const port = wanted ?? (await freePort())
      const server = new ServerProcess(folder, plan.command(port))
      try {
        await server.start()
      } catch (error) {
        // Another process was faster between the choice of the port and its use.
        if (wanted === undefined && server.portTaken) continue
        throw error
      }
      return {
        kind,
        port,
        url: plan.url(port),
        start: () => server.start(),
        stop: () => server.end(goodbye),
        kill: () => server.kill(),
        [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
      }
    }
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
}

/** As it stands in a URL, after the user. */
function secret(password: string | undefined): string {
  return password === undefined ? '' : `:${encodeURIComponent(password)}`
}

function binariesFor(kind: Kind): string {
  const folder = binariesOf(kind)
  if (folder === undefined) throw new Error(`${TITLES[kind]} is not on this machine: no ${programsOf(kind)}`)
  return folder
}
