import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Kind, keyOf, sharedOf } from './kinds.ts'
import { serverClock } from './server-clock.ts'

/** What a process is told to do that stands for a machine. */
export interface Orders {
  readonly url: string
  readonly prefix: string
  readonly name: string
  readonly kind: Kind
  readonly capacity: number
  readonly per: number
  readonly lease: number
  /** How far its clock is off, in milliseconds. */
  readonly skew: number
  /** What it takes, one after the other in each of its loops. */
  readonly loops: readonly (readonly number[])[]
  /** For how many milliseconds it holds each; `null`: until it is told to release. */
  readonly hold: number | null
}

/** What it says: that something was granted not before `asked` and not after `had`, and was held until `held` at least. */
export interface Taken {
  readonly amount: number
  readonly asked: number
  readonly had: number
  readonly held: number
}

process.once('message', (orders: Orders) => void run(orders))

async function run({ url, prefix, name, kind, capacity, per, lease, skew, loops, hold }: Orders): Promise<void> {
  const trueNow = Date.now
  Date.now = () => trueNow() + skew
  const limit = sharedOf(kind, capacity, per, { connection: url, prefix, name, lease })
  const clock = await serverClock(url)
  // To begin together with the others.
  process.send?.('ready')
  await once(process, 'message')
  const said: Promise<void>[] = []
  const say = (taken: Taken) => said.push(new Promise(resolve => process.send?.(taken, () => resolve())))
  await Promise.all(
    loops.map(async amounts => {
      for (const amount of amounts) {
        const asked = await clock.now()
        const permit = await limit.acquire({ [keyOf(kind)]: amount })
        const had = await clock.now()
        if (hold === null) say({ amount, asked, had, held: had })
        await (hold === null ? once(process, 'message') : sleep(hold))
        say({ amount, asked, had, held: await clock.now() })
        await permit[Symbol.asyncDispose]()
      }
    }),
  )
  await Promise.all(said)
  await clock[Symbol.asyncDispose]()
  await limit.close()
  process.disconnect()
}
