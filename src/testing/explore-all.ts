import { capacity, type Known, knownOptions, runnable } from '../base/options.ts'
import { ScheduleError } from './errors.ts'
import { horizonOf, RUN_VIRTUAL_OPTIONS, type RunVirtualOptions } from './run-virtual.ts'
import { VirtualClock } from './virtual-clock.ts'

/** Stops the caller until the exploration lets it through; `label` names the stop in the schedule of a failure. */
export type Park = (label: string) => Promise<void>

/** How much is explored. */
export interface ExploreOptions extends RunVirtualOptions {
  /** The most interleavings to run; a scenario that has more is refused with `RangeError`. @default 20_000 */
  readonly limit?: number
}

const EXPLORE_OPTIONS: Known<ExploreOptions> = { ...RUN_VIRTUAL_OPTIONS, limit: true }

/** One decision of a schedule: which of the parked it lets through. */
interface Choice {
  readonly options: number
  readonly pick: number
}

interface Parked {
  readonly label: string
  readonly pass: () => void
}

/**
 * Runs a scenario once for every order in which its parked steps can be let through, and tells how many there were.
 * Whenever nothing is runnable, one parked step goes on; when none is parked, virtual time jumps to the next timer, as in
 * `runVirtual`, whose limits hold here too. Depth-first over the choices, after loom.
 *
 * `run` must be deterministic but for the order of its parked steps, and make everything anew each time. The number of
 * orders grows like a factorial: about seven steps are the most.
 *
 * Rejects with `ScheduleError`, which names the order, for the first one that fails, deadlocks or passes the horizon.
 *
 * ```ts
 * const orders = await exploreAll(async park => {
 *   const log: string[] = []
 *   const step = async (name: string) => {
 *     await park(name)
 *     log.push(name)
 *   }
 *   await Promise.all([step('a'), step('b'), step('c')])
 *   assert.equal(log.length, 3)
 * })
 * assert.equal(orders, 6)
 * ```
 */
export async function exploreAll(
  run: (park: Park) => void | PromiseLike<void>,
  options?: ExploreOptions,
): Promise<number> {
  runnable('run', run)
  const given = knownOptions('options', options, EXPLORE_OPTIONS)
  const horizon = horizonOf(given)
  const limit = capacity('limit', given?.limit ?? 20_000)
  let plan: Choice[] | undefined = []
  let runs = 0
  while (plan !== undefined) {
    if (runs === limit) {
      throw new RangeError(`the scenario has more than ${limit} interleavings: park fewer steps, or raise limit`)
    }
    plan = nextPlan(await replay(run, plan, horizon))
    runs++
  }
  return runs
}

/** Runs the scenario along the plan, then always with the first choice; returns every choice there was. */
async function replay(
  run: (park: Park) => void | PromiseLike<void>,
  plan: readonly Choice[],
  horizon: number,
): Promise<Choice[]> {
  const choices: Choice[] = []
  const schedule: string[] = []
  const parked: Parked[] = []
  const park: Park = label => new Promise(pass => parked.push({ label, pass }))

  const letOneThrough = () => {
    if (parked.length === 0) return false
    const planned = plan[choices.length]
    if (planned !== undefined && planned.options !== parked.length) {
      throw new Error('the scenario is not deterministic: the same schedule led elsewhere than before')
    }
    const choice = planned ?? { options: parked.length, pick: 0 }
    choices.push(choice)
    for (const { label, pass } of parked.splice(choice.pick, 1)) {
      schedule.push(label)
      pass()
    }
    return true
  }

  const clock = await VirtualClock.install(horizon)
  try {
    await clock.run(() => run(park), letOneThrough)
    return choices
  } catch (error) {
    throw new ScheduleError(schedule, error)
  } finally {
    clock.uninstall()
  }
}

/** The plan that differs in the last choice that has an alternative left; `undefined` when all were taken. */
function nextPlan(choices: readonly Choice[]): Choice[] | undefined {
  const depth = choices.findLastIndex(choice => choice.pick + 1 < choice.options)
  const last = choices[depth]
  return last && [...choices.slice(0, depth), { ...last, pick: last.pick + 1 }]
}
