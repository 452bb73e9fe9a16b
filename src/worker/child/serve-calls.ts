import { SerializationError } from '../../base/errors.ts'
import { plainThrown, revivedThrown } from '../../serialize/thrown.ts'
import { callContext } from '../current-task.ts'
import { unpackValue } from '../functions/carry.ts'
import { errorClasses } from '../functions/error-classes.ts'
import type { FunctionReference } from '../functions/refer-to.ts'
import type { ResolvedFunction } from '../functions/registry.ts'
import { resolveFunction } from '../functions/resolve-function.ts'
import type { Uplink } from '../messages/link.ts'
import type { SetupMessage, ToWorker } from '../messages/protocol.ts'
import { toWorker } from '../messages/to-worker.ts'
import { process } from '../node.ts'
import { Output } from './output.ts'
import { RemoteCall } from './remote-call.ts'
import { Requests } from './requests.ts'

// Functions may replace what others find on `process`.
const on = process.on.bind(process)
const count = process.listenerCount.bind(process)

interface KnownFunction {
  readonly reference: FunctionReference
  /** Found once; what could not be found is looked for again by the next call. */
  fn: ResolvedFunction | undefined
}

/** The loop of a worker: returns what takes its messages, and sees to the errors that nothing in it catches. */
export function serveCalls(uplink: Uplink): (message: unknown) => void {
  const functions = new Map<number, KnownFunction>()
  const calls = new Map<number, RemoteCall>()
  const requests = new Requests(uplink)
  const output = new Output(uplink)

  const start = (message: Extract<ToWorker, readonly ['call', ...unknown[]]>) => {
    const [, id, number, reference] = message
    if (reference !== undefined) functions.set(number, { reference, fn: undefined })
    const known = functions.get(number)
    if (known === undefined)
      throw new SerializationError('a worker was sent a call of a function that it was not told of')
    const call = new RemoteCall(message, known.reference.name, uplink, requests, () => {
      calls.delete(id)
      output.announce()
    })
    calls.set(id, call)
    if (known.fn !== undefined && settingUp === undefined) return call.run(known.fn)
    void resolve(known, call, settingUp)
  }

  watchUncaught(uplink, () => calls.size === 0)

  let settingUp: Promise<void> | undefined
  let teardown: ResolvedFunction | undefined

  const setup = async (message: Extract<ToWorker, readonly ['setup', ...unknown[]]>) => {
    try {
      teardown = await setUp(message)
      settingUp = undefined
      uplink.post(['ready'])
    } catch (error) {
      uplink.crash(error)
    }
  }

  const stop = async () => {
    try {
      await teardown?.()
    } catch (error) {
      uplink.post(['late', plainThrown(error, uplink.carry)])
    }
    await output.written()
    uplink.exit()
  }

  const act = (message: ToWorker): void => {
    switch (message[0]) {
      case 'call':
        return start(message)
      case 'abort':
        return calls.get(message[1])?.abort(revivedThrown(message[2], errorClasses()))
      case 'message':
        return calls.get(message[1])?.message(message[2])
      case 'answer':
        return requests.answered(message[1], message[2])
      case 'refusal':
        return requests.refused(message[1], message[2])
      case 'setup':
        settingUp = setup(message)
        return
      case 'stop':
        return void stop()
      case 'memory':
        return uplink.post(['memory', uplink.memory()])
    }
  }

  return message => {
    try {
      act(toWorker(message))
    } catch (error) {
      uplink.crash(error)
    }
  }
}

async function resolve(known: KnownFunction, call: RemoteCall, after: Promise<void> | undefined): Promise<void> {
  try {
    await after
    known.fn ??= await resolveFunction(known.reference)
  } catch (error) {
    return call.fail(error)
  }
  call.run(known.fn)
}

/**
 * What becomes of errors that nothing in this worker catches. One of a call that runs, which may never end now, ends the
 * worker. One that comes when its call is over must not take the calls of others along: it is told, and that is all.
 *
 * @param idle whether the worker has no call
 */
function watchUncaught(uplink: Uplink, idle: () => boolean): void {
  on('uncaughtException', error => {
    // A function handles it itself.
    if (count('uncaughtException') > 1) return
    const call = callContext()
    const late = call instanceof RemoteCall ? call.ended : idle()
    if (late) uplink.post(['late', plainThrown(error, uplink.carry)])
    else uplink.crash(error)
  })
}

/** Sets a worker up, inside it; resolves with its `teardown`, which is looked for before there is anything to tear down. */
async function setUp([, init, teardown, data, number]: SetupMessage): Promise<ResolvedFunction | undefined> {
  const tearDown = teardown && (await resolveFunction(teardown))
  if (init !== undefined) await (await resolveFunction(init))(unpackValue(data), { number })
  return tearDown
}
