import type { Redis, RedisOptions } from 'ioredis'

type Constructor = new (options: RedisOptions) => Redis

/**
 * A client, and the ones that are made after it, that ends when it is told to. The driver's own, told to while it waits to
 * connect anew, just stops trying: its commands are never answered, and whoever waits for its end waits for ever.
 */
export function endingRedis(Driver: Constructor): Constructor {
  return class EndingRedis extends Driver {
    override disconnect(reconnect = false): void {
      // It fails at once, as the connection is closed before it is made, and that ends the client.
      if (this.status === 'reconnecting' && !reconnect) void this.connect().catch(() => {})
      super.disconnect(reconnect)
    }

    override duplicate(override?: Partial<RedisOptions>): Redis {
      return new EndingRedis({ ...this.options, ...override })
    }
  }
}
