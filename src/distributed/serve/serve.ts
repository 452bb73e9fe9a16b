import { requiredOptions } from '../../base/options.ts'
import type { AnyFunction } from '../../worker/functions/registry.ts'
import { moduleUrl } from '../../worker/functions/registry.ts'
import { functionsOfModule, listedFunctions } from './function-registry.ts'
import { SERVE_OPTIONS, type ServeOptions, serveSettings } from './serve-options.ts'
import { Service } from './service.ts'

/**
 * Runs the calls of a queue on this machine, at most `maxTasks` at a time: those of the functions that are given here, or
 * that the module exports or passes to `task()`, and no others. Callers name a function, and never send one. Of the exports
 * neither classes nor functions of Node itself are served: `Service.leftOut`.
 *
 * A call of a function that is missing here goes back to the queue: at once where another worker says that it has it, else a
 * few times, and then it fails. Who can write to the queue is trusted: with which functions run, with which arguments, and
 * with how calls end.
 *
 * ```ts
 * const service = await serve([square], { connection: 'redis://127.0.0.1:6379', queue: 'squares' })
 * process.once('SIGTERM', () => service.close())
 * ```
 *
 * Rejects with `TypeError` or `RangeError` for a wrong option, with `SerializationError` when the module can't be
 * imported, and with `ConnectionError` when the server can't be reached within `connectTimeout`.
 */
export async function serve(functions: readonly AnyFunction[] | string | URL, options: ServeOptions): Promise<Service> {
  requiredOptions('options', options, SERVE_OPTIONS)
  if (typeof functions === 'string' || functions instanceof URL) {
    const url = moduleUrl(functions)
    const settings = serveSettings(options, url)
    return Service.start(settings, await functionsOfModule(url))
  }
  const settings = serveSettings(options, undefined)
  return Service.start(settings, listedFunctions(functions))
}
