import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { SerializationError } from '../../base/errors.ts'
import { plainThrown, revivedThrown } from '../../serialize/thrown.ts'
import { currentCall } from '../../task/current.ts'
import { unpackValue } from '../functions/carry.ts'
import { errorClasses } from '../functions/error-classes.ts'
import type { FunctionReference } from '../functions/refer-to.ts'
import type { ResolvedFunction } from '../functions/registry.ts'
import { resolveFunction } from '../functions/resolve-function.ts'
import type { Uplink } from '../messages/link.ts'
import { type SetupMessage, type ToWorker, toWorker } from '../messages/protocol.ts'
import { process } from '../node.ts'
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
      case 'credit':
        return calls.get(message[1])?.credit(message[2])
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
    const call = currentCall.getStore()
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

/**
 * What the functions of a worker print leaves it in its own time, later than their results. This tells the caller's side
 * that there is some, so that neither it nor the worker ends before the last line has arrived.
 */
class Output {
  readonly #uplink: Uplink
  readonly #stdout = new Printed(process.stdout)
  readonly #stderr = new Printed(process.stderr)
  /** How many rounds of flushing are to come; one is enough for all calls that end during another. */
  #rounds = 0
  /** How much was written when it was last told. */
  #told = 0

  constructor(uplink: Uplink) {
    this.#uplink = uplink
  }

  /** Before every result. */
  announce(): void {
    const printed = this.#stdout.bytes + this.#stderr.bytes
    if (printed === this.#told && !this.#stdout.waiting && !this.#stderr.waiting) return
    this.#told = printed
    this.#rounds = Math.min(this.#rounds + 1, 2)
    if (this.#rounds > 1) return
    this.#uplink.post(['noisy'])
    void this.#flush()
  }

  /** Resolves when everything printed so far has left this worker. */
  async written(): Promise<void> {
    await this.#stdout.written()
    await this.#stderr.written()
  }

  async #flush(): Promise<void> {
    while (this.#rounds > 0) {
      await this.written()
      this.#rounds -= 1
    }
    this.#uplink.post(['quiet', this.#stdout.bytes, this.#stderr.bytes])
  }
}

/** One stream, as it was before the functions of the worker could replace it or its `write`, which many do to listen. */
class Printed {
  readonly #stream: Writable
  readonly #write: Writable['write']

  constructor(stream: Writable) {
    this.#stream = stream
    this.#write = stream.write.bind(stream)
  }

  /** A pipe takes what is written at once, but nobody may have read it yet; only what a pipe took can be counted. */
  get bytes(): number {
    return (this.#stream as Partial<Socket>).bytesWritten ?? 0
  }

  /** Whether some of what was written has not been taken. */
  get waiting(): boolean {
    return this.#stream.writableLength > 0
  }

  /** Resolves when everything written so far has been taken, or never will be. */
  written(): Promise<void> {
    return new Promise(resolve => {
      if (!this.waiting || !this.#stream.writable) return resolve()
      this.#write('', () => resolve())
    })
  }
}
