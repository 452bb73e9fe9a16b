import { type Known, knownOptions } from '../base/options.ts'
import { RESTART_OPTIONS, type RestartOptions, restartPolicy } from '../task/retry/restarts.ts'
import { SPAWN_OPTIONS, type SpawnOptions, type SpawnSettings, spawnSettings } from '../task/spawn-settings.ts'

/**
 * How {@link TaskManager.supervise} goes: the options of the task, and when it is started again. Each run after the first is an
 * event `restarted` of the manager; the record of the task has the latest 100. A run that is late (`timeout`) has failed; past
 * its `deadline` none follows.
 */
export interface SuperviseOptions extends Omit<SpawnOptions, 'retry'>, RestartOptions {}

const { retry: _, ...OF_SPAWN } = SPAWN_OPTIONS
const SUPERVISE_OPTIONS: Known<SuperviseOptions> = { ...OF_SPAWN, ...RESTART_OPTIONS }

/** Checks the options of a task that is started again. */
export function supervisedSettings(options: SuperviseOptions | undefined, defaults: SpawnSettings): SpawnSettings {
  const known = knownOptions('options', options, SUPERVISE_OPTIONS) ?? {}
  return { ...spawnSettings(known, defaults), retry: restartPolicy(known) }
}
