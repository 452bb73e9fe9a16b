import type { Command, Redis, RedisOptions } from 'ioredis'
import { cleanErrors } from './driver-errors.ts'
import { endWhenSilent } from './heartbeat.ts'

type Constructor = new (options: RedisOptions) => Redis

/** What the driver hands to `sendCommand`, maybe more than once. */
type Sent = Pick<Command, 'reject'>

/**
 * A client, and the ones that are made after it, that ends when it is told to, and whose errors are clean. The driver's own,
 * told to end while it waits to connect anew, just stops trying: its commands are never answered, and code that waits for its
 * end waits for ever. And its errors have the commands with all arguments, those of `AUTH` included. A connection that has fallen silent it would keep.
 */
export function taskscopeRedis(Driver: Constructor): Constructor {
  return class TaskscopeRedis extends Driver {
    readonly #clean = cleanErrors(this.options)
    readonly #sent = new WeakSet<Sent>()

    override connect(...args: Parameters<Redis['connect']>): Promise<void> {
      return super.connect(...args).catch(error => {
        throw this.#clean(error)
      })
    }

    override disconnect(reconnect = false): void {
      // It fails at once, as the connection is closed before it is made, and that ends the client.
      if (this.status === 'reconnecting' && !reconnect) void this.connect().catch(() => {})
      super.disconnect(reconnect)
    }

    override duplicate(override?: Partial<RedisOptions>): Redis {
      return new TaskscopeRedis({ ...this.options, ...override })
    }

    override sendCommand(...[command, stream]: Parameters<Redis['sendCommand']>): unknown {
      if (!this.#sent.has(command)) {
        this.#sent.add(command)
        const { reject } = command
        command.reject = error => reject(this.#clean(error))
      }
      return super.sendCommand(command, stream)
    }

    override emit(event: string | symbol, ...args: unknown[]): boolean {
      if (event === 'connect') endWhenSilent(this.stream, () => this.ping())
      return super.emit(event, ...(event === 'error' ? args.map(this.#clean) : args))
    }
  }
}
