import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkerProcess } from '../worker-process.ts'
import { type ChaosProxy, chaosProxyTo, DIRECTIONS, TROUBLES } from './chaos-proxy.ts'
import { oneOf } from './random.ts'
import { kill, LOCK, type Scene } from './scene.ts'

/** Milliseconds of a trouble, at most; a frozen worker is frozen past its lock. */
const LONGEST = 1_000

const MACHINES = 2

/** Where connections come from, each behind a proxy of its own. */
const PLACES = { machines: MACHINES, caller: MACHINES, limit: MACHINES + 1 } as const

/** Two workers, a caller and a shared limit, and what befalls them. */
export class Chaos {
  readonly scene: Scene
  readonly next: () => number
  readonly machines: WorkerProcess[] = []
  readonly happened: string[] = []
  readonly #proxies: readonly ChaosProxy[]
  readonly #most: number
  readonly #killed = new Set<number | undefined>()

  private constructor(scene: Scene, proxies: readonly ChaosProxy[], next: () => number, most: number) {
    this.scene = scene
    this.#proxies = proxies
    this.next = next
    this.#most = most
  }

  /** @param most how many troubles there will be */
  static async start(scene: Scene, next: () => number, most: number): Promise<Chaos> {
    const proxies = await Promise.all(Array.from({ length: MACHINES + 2 }, () => chaosProxyTo(scene.server.url)))
    const chaos = new Chaos(scene, proxies, next, most)
    await Promise.all(Array.from({ length: MACHINES }, (_, place) => chaos.#start(place)))
    return chaos
  }

  urlOf(who: 'caller' | 'limit'): string {
    return this.#proxies[PLACES[who]]?.url as string
  }

  async #start(place: number): Promise<void> {
    const connection = this.#proxies[place]?.url as string
    const options = { connection, maxTasks: 4, lockDuration: LOCK, maxStalled: this.#most, cleanupTimeout: 1_000 }
    this.machines[place] = await this.scene.machine(options)
  }

  /** One trouble, from its beginning to its end. */
  async trouble(): Promise<void> {
    const fate = this.next()
    if (fate < 0.12) await this.#kill(Math.floor(this.next() * MACHINES))
    else if (fate < 0.24) await this.#freeze(Math.floor(this.next() * MACHINES))
    else await this.#disturb(Math.floor(this.next() * this.#proxies.length))
  }

  async #kill(place: number): Promise<void> {
    this.happened.push(`kill ${place}`)
    const machine = this.machines[place] as WorkerProcess
    this.#killed.add(machine.child.pid)
    await kill(machine)
    await this.#start(place)
  }

  async #freeze(place: number): Promise<void> {
    this.happened.push(`freeze ${place}`)
    const { child } = this.machines[place] as WorkerProcess
    child.kill('SIGSTOP')
    await sleep(LOCK * 1.2)
    child.kill('SIGCONT')
  }

  async #disturb(place: number): Promise<void> {
    const trouble = { kind: oneOf(this.next, TROUBLES), direction: oneOf(this.next, DIRECTIONS) }
    const which = this.next() < 0.5 ? this.next() : undefined
    const lasts = this.next() * LONGEST
    this.happened.push(`${trouble.kind} ${trouble.direction} ${which ?? 'all'} at ${place} for ${lasts} ms`)
    this.#proxies[place]?.strike(trouble, which)
    await sleep(lasts)
    this.#proxies[place]?.calm()
  }

  /** The runs that have neither ended nor been killed. */
  running(): string[] {
    const notes = this.scene.notes().filter(({ pid }) => !this.#killed.has(pid))
    const over = new Set(notes.filter(({ what }) => what !== 'started').map(({ name, pid }) => `${name} ${pid}`))
    return notes.map(({ name, pid }) => `${name} ${pid}`).filter(run => !over.has(run))
  }
}
