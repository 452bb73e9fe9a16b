import fc from 'fast-check'

/**
 * What one task does: `steps` pauses, then its end, then, if it has any, `cleanup` pauses. `listens` works against its
 * signal, `deaf` never reads it, `operation` has its cleanup in an `ensure`, `nested` in a resource that it uses.
 */
export interface Script {
  readonly kind: 'value' | 'listens' | 'deaf' | 'operation' | 'nested'
  readonly steps: number
  readonly ends: 'returns' | 'throws' | 'never'
  readonly cleanup: number
  readonly cleanupEnds: 'returns' | 'throws' | 'never'
  readonly priority: number
  readonly timeout: number
  readonly deadline: number
  /** Whether the handle is looked at from the start. */
  readonly observed: boolean
  /** What the body does first, before its first pause. */
  readonly does: Deed | undefined
}

/** Something that happens to a manager, from outside or inside a task. `who` counts the tasks spawned so far, modulo. */
export type Deed =
  | { readonly deed: 'spawn'; readonly script: Script }
  | { readonly deed: 'cancel'; readonly who: number }
  | { readonly deed: 'cancelAll' | 'pause' | 'resume' | 'drain' | 'tick' }
  | { readonly deed: 'maxTasks'; readonly maxTasks: number }
  | { readonly deed: 'close'; readonly timeout: number; readonly pending: 'run' | 'cancel' }

/**
 * A manager's options and everything that is to happen to it, in an order that the scheduler decides. No time is zero: the virtual clock,
 * as the real one, makes a millisecond of it now and then.
 */
export interface Plan {
  readonly maxTasks: number
  readonly closeTimeout: number
  readonly cleanupTimeout: number
  /** Listeners, `onError` and logger that throw. */
  readonly rude: boolean
  /** Whether to let everything settle, and to check, after each single step. */
  readonly careful: boolean
  readonly deeds: readonly Deed[]
}

const mostly = <T>(usual: T, ...others: T[]) =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: 3 }, { arbitrary: fc.constantFrom(...others), weight: 1 })

const script = (does: fc.Arbitrary<Deed | undefined>): fc.Arbitrary<Script> =>
  fc.record({
    kind: fc.constantFrom('value', 'listens', 'deaf', 'operation', 'nested'),
    steps: fc.nat({ max: 3 }),
    ends: mostly('returns', 'throws', 'never'),
    cleanup: fc.nat({ max: 2 }),
    cleanupEnds: mostly('returns', 'throws', 'never'),
    priority: mostly(0, -1, 1, 2),
    timeout: mostly(Number.POSITIVE_INFINITY, 1, 5, 20),
    deadline: mostly(Number.POSITIVE_INFINITY, 1, 8, 25),
    observed: fc.boolean(),
    does,
  })

const plainDeed: fc.Arbitrary<Deed> = fc.oneof(
  { arbitrary: fc.record({ deed: fc.constant('cancel'), who: fc.nat({ max: 9 }) }), weight: 3 },
  { arbitrary: fc.record({ deed: fc.constantFrom('pause', 'resume', 'resume', 'drain', 'cancelAll') }), weight: 2 },
  { arbitrary: fc.record({ deed: fc.constant('tick') }), weight: 3 },
  { arbitrary: fc.record({ deed: fc.constant('maxTasks'), maxTasks: fc.integer({ min: 1, max: 3 }) }), weight: 1 },
  {
    arbitrary: fc.record({
      deed: fc.constant('close'),
      timeout: fc.constantFrom(1, 10, 30),
      pending: fc.constantFrom('run', 'cancel'),
    }),
    weight: 1,
  },
)

const spawn = (does: fc.Arbitrary<Deed | undefined>): fc.Arbitrary<Deed> =>
  fc.record({ deed: fc.constant('spawn'), script: script(does) })

const quiet = fc.constant(undefined)
const inside = fc.oneof(
  { arbitrary: quiet, weight: 4 },
  { arbitrary: plainDeed, weight: 1 },
  { arbitrary: spawn(quiet), weight: 1 },
)

export const plan: fc.Arbitrary<Plan> = fc.record({
  maxTasks: fc.integer({ min: 1, max: 3 }),
  closeTimeout: fc.constantFrom(1, 15, 40),
  cleanupTimeout: fc.constantFrom(1, 10, 10, 25),
  rude: mostly(false, true),
  careful: fc.boolean(),
  deeds: fc.array(fc.oneof({ arbitrary: spawn(inside), weight: 3 }, { arbitrary: plainDeed, weight: 2 }), {
    minLength: 1,
    maxLength: 14,
  }),
})

/** A deed as a schedule shows it. */
export function describeDeed(deed: Deed): string {
  if (deed.deed === 'spawn') return `spawn ${describeScript(deed.script)}`
  if (deed.deed === 'cancel') return `cancel(${deed.who})`
  if (deed.deed === 'maxTasks') return `maxTasks = ${deed.maxTasks}`
  return deed.deed === 'close' ? `close({ timeout: ${deed.timeout}, pending: '${deed.pending}' })` : deed.deed
}

function describeScript(task: Script): string {
  const parts = [`${task.kind} of ${task.steps} steps, ${task.ends}`]
  if (task.kind !== 'value' && task.kind !== 'deaf') parts.push(`cleanup of ${task.cleanup} steps, ${task.cleanupEnds}`)
  if (task.priority !== 0) parts.push(`priority ${task.priority}`)
  if (task.timeout !== Number.POSITIVE_INFINITY) parts.push(`timeout ${task.timeout}`)
  if (task.deadline !== Number.POSITIVE_INFINITY) parts.push(`deadline ${task.deadline}`)
  if (!task.observed) parts.push('unobserved')
  if (task.does !== undefined) parts.push(`does ${describeDeed(task.does)}`)
  return `{ ${parts.join('; ')} }`
}
