import { statSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { serverOf } from '../connection/target.ts'
import { serve } from '../distributed/serve/serve.ts'
import type { Service, ServiceReport } from '../distributed/serve/service.ts'
import type { ServeArguments } from './arguments.ts'
import { Ports } from './ports.ts'
import { reasonOf, say } from './say.ts'
import { StopSignals } from './stop-signals.ts'

/** Serves until a signal comes. Rejects with what is wrong with the module or the server. */
export async function serveCommand({ module, options, ports: where }: ServeArguments): Promise<void> {
  const signals = new StopSignals(process.env)
  // Lists of processes would show a URL of the command line, password and all, for as long as this runs.
  process.title = `taskscope serve ${module} --queue ${options.queue}`
  const url = urlOf(module)
  process.once('beforeExit', () => {
    say(`${nameOf(url)} waits at its top level for something that never comes`)
    process.exitCode = 1
  })
  const ports = await Ports.open(where)
  for (const line of ports.lines) say(line)
  const service = await serve(url, {
    ...options,
    logger: { error: (error, message) => say(`${message}: ${reasonOf(error)}`) },
    // The failures of calls are for those who called.
    onError: () => {},
  })
  const stopped = signals.serving()
  ports.serve(service, options.queue)
  const { functions, leftOut } = service
  const { maxTasks } = service.stats()
  say(`functions: ${functions.join(', ')}`)
  if (leftOut.length > 0)
    say(`not served, as classes or functions of Node itself that are not passed to task(): ${leftOut.join(', ')}`)
  say(
    `serving ${plural(functions.length, 'function')} of ${nameOf(url)} in the queue ${options.queue} on ` +
      `${serverOf(options.connection).label}, ${maxTasks} at a time; Ctrl-C stops`,
  )
  await stopped
  ports.closing()
  announceStop(service)
  say(sumOf(await service.close()))
  await ports.close()
}

/** Throws for what is no file: what Node says of that is about the modules of this library. */
function urlOf(module: string): URL {
  const url = module.startsWith('file:') ? new URL(module) : pathToFileURL(resolve(module))
  const stats = statSync(url, { throwIfNoEntry: false })
  if (stats === undefined) throw new Error(`there is no file ${fileURLToPath(url)}`)
  if (stats.isDirectory()) throw new Error(`${fileURLToPath(url)} is a folder: name a file of it`)
  return url
}

/** As short as it can be said from here. */
function nameOf(url: URL): string {
  const path = fileURLToPath(url)
  const name = relative('', path)
  return name.startsWith('..') ? path : name
}

function announceStop(service: Service): void {
  const { running } = service.stats()
  if (running > 0) say(`stopping: ${plural(running, 'running call')} may end first; a second signal exits at once`)
}

function sumOf({ done, failed, cancelled, givenBack, abandoned }: ServiceReport): string {
  const counts = [`${done} done`, `${failed} failed`, ...(cancelled > 0 ? [`${cancelled} cancelled`] : [])]
  const stray = abandoned.length > 0 ? `; ${plural(abandoned.length, 'call')} would not stop` : ''
  return `stopped: ${counts.join(', ')}, ${givenBack} given back${stray}`
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
