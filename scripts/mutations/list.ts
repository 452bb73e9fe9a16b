import { type Mutation, mistakesIn } from './mutation.ts'

const RUNNER = ['test/runner', 'test/systems']
const CORE = ['test/invariants', 'test/manager', 'test/task', 'test/queue']

const STILL = ['test/invariants/standing-still.test.ts']

/** Every mistake the tests must notice. */
export const MUTATIONS: readonly Mutation[] = [
  ...mistakesIn('src/base/options.ts', ['test/options'], {
    'a duration of NaN is taken': {
      search: 'if (!(number(option, rule, value) >= 0)) throw',
      replace: 'if (number(option, rule, value) < 0) throw',
    },
    'a capacity of zero is taken': { search: 'if (!(value >= 1) ||', replace: 'if (!(value >= 0) ||' },
    'an array is taken for an options object': {
      search: " || Array.isArray(value)) throw wrongType(option, 'an object', value)",
      replace: ") throw wrongType(option, 'an object', value)",
    },
  }),

  ...mistakesIn('src/base/clock.ts', ['test/clock'], {
    'Infinity arms a timer': { search: 'if (delay === Number.POSITIVE_INFINITY) return NEVER', replace: '' },
    'a long delay is cut off at what setTimeout takes': {
      search: 'remaining > piece ? arm(remaining - piece) : fire()',
      replace: 'fire()',
    },
    'cancelling a timer forgets the later pieces of a long delay': {
      search: 'handle = setTimeout(',
      replace: 'handle ??= setTimeout(',
    },
  }),

  ...mistakesIn('src/collections/indexed-heap.ts', CORE, {
    'last come, first served within a priority': {
      search: 'a.sequence < b.sequence',
      replace: 'a.sequence > b.sequence',
    },
    'the heap does not sink what fills a gap': { search: 'else this.#sink(last, index)', replace: '' },
  }),

  ...mistakesIn('src/collections/pending-queue.ts', CORE, {
    'lower priorities go first': { search: 'before(other, usual) ? other', replace: 'before(usual, other) ? other' },
  }),

  ...mistakesIn('src/collections/fifo.ts', CORE, {
    'items do not learn their new place when the holes are squeezed out': {
      search: '      item.position = tail\n',
      replace: '',
    },
  }),

  ...mistakesIn('src/scheduler/scheduler.ts', CORE, {
    'oversubscribe by one': {
      search: 'Math.max(0, this.#maxTasks - this.#slotsTaken)',
      replace: 'Math.max(0, this.#maxTasks + 1 - this.#slotsTaken)',
    },
    'no pump after a slot is free': {
      search: 'this.#supervision.released()\n    this.#pump(at)',
      replace: 'this.#supervision.released()',
    },
    'no pump after maxTasks was raised': {
      search: 'this.#maxTasks = value\n    this.#pump()',
      replace: 'this.#maxTasks = value',
    },
    'one more may be pending than maxPending': {
      search: 'this.queueSize < this.settings.maxPending',
      replace: 'this.queueSize <= this.settings.maxPending',
    },
    'the body starts within spawn': { search: 'queueMicrotask(this.#makeStartable)', replace: 'this.#makeStartable()' },
  }),

  ...mistakesIn('src/scheduler/loop-turns.ts', ['test/manager/event-loop.test.ts'], {
    'the event loop has no turn': { search: 'this.overdue = this.#started >= FEW', replace: 'this.overdue = false' },
    'a clock of tests holds tasks back': { search: '>= FEW && isRealTime()', replace: '>= FEW' },
    'the first manager has every turn for itself': { search: 'if (this.overdue) return', replace: '' },
    'those who cancel are not held back': { search: 'now() - since >= 2 * SLICE && isRealTime()', replace: 'false' },
  }),

  ...mistakesIn('src/scheduler/scheduler.ts', ['test/manager/event-loop.test.ts'], {
    'what is to start in the call of spawn is held back': {
      search: 'loopTurns.overdue && !this.#atOnce',
      replace: 'loopTurns.overdue',
    },
    'a task starts while others are being cancelled': {
      search: 'if (this.#stopping > 0) return undefined',
      replace: '',
    },
  }),

  ...mistakesIn('src/scheduler/failure-report.ts', CORE, {
    'an observed failure is reported all the same': {
      search: 'if (!task.observed) this.tell(',
      replace: 'this.tell(',
    },
  }),

  ...mistakesIn('src/scheduler/fail-fast.ts', CORE, {
    'failFast lets the others go on': {
      search: "this.#scheduler.stopAll({ kind: 'cancel', reason: task.outcome })",
      replace: '',
    },
    'failFast forgets all failures but the first': {
      search: 'this.#failures.push(task)\n    if (this.#failures.length > 1) return',
      replace: 'if (this.#failures.length > 0) return\n    this.#failures.push(task)',
    },
  }),

  ...mistakesIn('src/scheduler/ledger.ts', CORE, {
    'work that has stopped after all stays abandoned': { search: 'this.abandoned.delete(context)', replace: '' },
  }),

  ...mistakesIn('src/scheduler/supervisor.ts', CORE, {
    'an unobserved failure is lost': {
      search:
        'if (this.#failFast === undefined) this.scheduler.report.failed(task)\n    else this.#failFast.failed(task)',
      replace: 'this.#failFast?.failed(task)',
    },
    'closed flag set after the drain': {
      search: 'if (this.#shutdown === undefined) return\n    throw',
      replace: 'if (this.#shutdown === undefined || !this.scheduler.idle) return\n    throw',
    },
  }),

  ...mistakesIn('src/manager/task-manager.ts', CORE, {
    'spawn accepted while closing': {
      search: "this.#supervisor.refuseIfClosed()\n    if (typeof work !== 'function') refuseWork(work)",
      replace: '',
    },
  }),

  ...mistakesIn('src/scheduler/waiters.ts', CORE, {
    'drain leaves out what is spawned as it ends': { search: 'while (!scheduler.idle)', replace: 'while (false)' },
    'a wait for a manager that gave up is kept': {
      search: '      over = true\n      leave()\n',
      replace: '      over = true\n',
    },
  }),

  ...mistakesIn('src/scheduler/ready-queue.ts', CORE, {
    'those before it in the line of one limit hold up who needs another': {
      search: 'if (task.settings.source?.line !== room.line) room.line = undefined',
      replace: '',
    },
    'startNow overtakes who needs the slot': {
      search: 'if (hasToAsk(task) || this.#free < this.size) return false',
      replace: 'if (hasToAsk(task) || this.#free === 0) return false',
    },
  }),

  ...mistakesIn('src/scheduler/shutdown.ts', CORE, {
    'deadline per batch instead of total': {
      search: 'this.#timer = startTimer(timeout, () => this.#timeUp())',
      replace: `const arm = () => {
      this.#timer?.cancel()
      this.#timer = startTimer(timeout, () => this.#timeUp())
    }
    arm()
    const released = this.released.bind(this)
    Object.assign(this, {
      released() {
        released()
        arm()
      },
    })`,
    },
    'a second close makes it later': { search: 'if (deadline >= this.#deadline) return', replace: '' },
    'close leaves its timer behind': {
      search: 'timeUp])\n    this.#timer?.cancel()',
      replace: 'timeUp])',
    },
    'the report forgets what never started': {
      search: 'if (task.attempt === 0) this.#neverStarted.push(task)\n',
      replace: '',
    },
  }),

  ...mistakesIn('src/task/deadlock/wait-graph.ts', STILL, {
    'a knot may wait for something that moves': {
      search: 'return view.idle || [...members].every(',
      replace: 'return members.size > 0 || [...members].every(',
    },
  }),

  ...mistakesIn('src/task/deadlock/deadlock-watch.ts', STILL, {
    'tasks that have just moved stand still': {
      search: 'latest = Math.max(latest, task.updatedAt, task.extras?.activeAt ?? 0)',
      replace: 'latest = Math.max(latest, 0)',
    },
    'a task that spawns others stands still': {
      search: 'if (extras?.waits !== undefined) extras.activeAt = now()',
      replace: '',
    },
    'the listener for the end of the process stays': { search: '    unlisten?.()\n', replace: '' },
  }),

  ...mistakesIn('src/task/handle.ts', STILL, {
    'listening is waiting': { search: "? 'listen' : 'await'", replace: "? 'await' : 'await'" },
    'a race in an operation is certain': { search: "inOwnStep() ? 'certain' : 'await'", replace: "'certain'" },
  }),

  ...mistakesIn('src/task/handle.ts', ['test/task/handle-await.test.ts'], {
    'an outcome that went to an await is lost to all others': {
      search: 'const made = this.#outcome?.promise === undefined',
      replace: 'const made = this.#outcome === undefined',
    },
    'whoever looks later takes the outcome from an await': {
      search: 'attempt(() => passed?.resolve(promise))',
      replace: '',
    },
  }),

  ...mistakesIn('src/limits/acquire/admission.ts', ['test/limits'], {
    'the timer of those who have gone stays': {
      search: 'supply.wakeAt(Number.POSITIVE_INFINITY, 0)',
      replace: 'void 0',
    },
  }),

  ...mistakesIn('src/task/execution.ts', CORE, {
    'body error overwritten by the cleanup error': {
      search: 'task.attemptEnded(context, false, body.value, { error: teardownError })',
      replace: 'task.attemptEnded(context, false, teardownError)',
    },
    'a cleanup error after success is lost': {
      search: 'if (body.ok) return task.attemptEnded(context, false, teardownError)',
      replace: 'if (body.ok) return task.attemptEnded(context, true, body.value)',
    },
    'the body runs in the context of whoever freed the slot': {
      search: 'asyncContext.runInAsyncScope(enter, undefined, task, context)',
      replace: 'enter(task, context)',
    },
  }),

  ...mistakesIn('src/task/task.ts', CORE, {
    'leave a cancelled pending task queued': { search: '      this.owner.withdraw(this)\n', replace: '' },
    'no pump after cancel': { search: 'return this.owner.released()', replace: 'return' },
    'slot freed at cancel instead of at the end': [
      {
        search: "this.#move('stopping')\n    this.#limitCleanup()",
        replace: "this.#move('stopping')\n    this.owner.slotFreed(this)\n    this.#limitCleanup()",
      },
      {
        search: 'if (this.#endAttempted(ok, value)) this.#leaveSlot(this.updatedAt)',
        replace:
          'const stopped = this.stopRequest !== undefined\n    if (this.#endAttempted(ok, value)) stopped ? tellStopped(this) : this.#leaveSlot(this.updatedAt)',
      },
    ],
    'the handle settles before the cleanup has run': {
      search: '    extras.halt?.()\n',
      replace: '    extras.halt?.()\n    if (!this.ended) this.#endStopped(request, true, undefined)\n',
    },
    'cancel does not reach an operation': { search: '    extras.halt?.()\n', replace: '' },
    'cancel does not reach the signal': {
      search: '    AttemptContext.abort(this.context as AttemptContext, this.reasonOf(extras.stopRequest))\n',
      replace: '',
    },
    'cleanup without a limit': {
      search: 'startTimer(this.owner.cleanupTimeout, () => this.#giveUp())',
      replace: 'startTimer(Number.POSITIVE_INFINITY, () => this.#giveUp())',
    },
    'giving up keeps the slot': {
      search: 'if (this.ended || this.#endAttempted(ok, value)) this.#leaveSlot()',
      replace: 'if (this.ended || this.#endAttempted(ok, value)) tellStopped(this)',
    },
    'a stop waits for a policy that has not answered': {
      search: '    if (this.extras?.judging !== undefined) return this.#stopJudging(this.extras, request)\n',
      replace: '',
    },
    'work that was given up on frees its slot twice': {
      search: 'return this.owner.abandonedStopped(context)',
      replace: '{ this.owner.abandonedStopped(context); return this.owner.slotFreed(this) }',
    },
    'a cancel takes back a value that was returned before': {
      search: 'if (this.context === undefined || this.extras?.body !== undefined) return this.#stopAfterBody(request)',
      replace: '',
    },
    'the deadline ends with the waiting': {
      search: '    this.context = context\n',
      replace: '    this.context = context\n    this.extras?.deadline?.cancel()\n',
    },
    'an ended task keeps what its work captured': { search: '    this.work = undefined\n', replace: '' },
  }),

  ...mistakesIn('src/base/thrown.ts', CORE, {
    'an error that throws when it is read breaks a stop': {
      search: 'return attempt(() => (value as Partial<Record<typeof key, unknown>>)[key])',
      replace: 'return (value as Partial<Record<typeof key, unknown>>)[key]',
    },
  }),

  ...mistakesIn('src/task/guarded-call.ts', CORE, {
    'a listener that rejects is an unhandled rejection': {
      search: 'settled(returned).then(undefined, failed)',
      replace: 'settled(returned)',
    },
  }),

  ...mistakesIn('src/task/extras.ts', CORE, {
    'the timeout timer stays behind': { search: '    this.timer?.cancel()\n', replace: '' },
    'the deadline timer stays behind': { search: '    this.deadline?.cancel()\n', replace: '' },
    'the listener on the signal stays behind': { search: '    this.unlink?.()\n', replace: '' },
  }),

  ...mistakesIn('src/manager/map-run.ts', CORE, {
    'leaving the loop of a map cancels nothing': {
      search: 'await Promise.all(this.#line.unfinished.map(task => cancelTask(task)))',
      replace: '',
    },
    'a map looks ahead without bound': { search: 'this.#line.size < ahead', replace: 'true' },
    'a map takes up nothing while the loop has a result': {
      search: '    this.#line.shift()\n    this.#pull()\n',
      replace: '    this.#line.shift()\n',
    },
    'a failure in a map waits for its turn': {
      search: "if (task.status !== 'done' && this.#settings.onError === 'throw') this.#failedBy(task)",
      replace: "if (task.status === 'failed' && task === this.#line.first) this.#failedBy(task)",
    },
    'closing the input hides the error that ended a map': {
      search: 'if (this.#failure === undefined) throw error',
      replace: 'throw error',
    },
  }),

  ...mistakesIn('src/task/cancel.ts', CORE, {
    'a wait that gave up stays with the task': { search: 'watchers.delete(entry)', replace: '' },
  }),

  ...mistakesIn('src/runner/submit-queue.ts', RUNNER, {
    'newcomers overtake those who wait for a place': {
      search: 'this.#line.size === 0 && this.#scheduler.hasRoom',
      replace: 'this.#scheduler.hasRoom',
    },
    'a cancelled waiter keeps its place outside the queue': {
      search: 'if (!this.#arrivals.delete(task)) return',
      replace: 'return',
    },
    'whoever waits is let in once only': { search: 'if (this.#line.size > 0) this.#listen()', replace: '' },
  }),

  ...mistakesIn('src/manager/task-scope.ts', ['test/manager/scope.test.ts'], {
    'a scope ends before its tasks': {
      search: 'while (this.#tasks.size > 0 || this.#inner.size > 0) {',
      replace: 'while (this.#inner.size > 0) {',
    },
    'a scope ends before work that is past its timeout': {
      search: 'handle.done() && handle.cancel()',
      replace: 'undefined',
    },
    'an echo of the abort counts as a failure': { search: 'else if (!this.#isEcho(error)) this', replace: 'else this' },
    'a halted operation leaves its scope': { search: 'if (settled) return\n', replace: 'return\n' },
    'a scope that was aborted starts tasks': { search: 'if (aborted) void handle.cancel(reason)', replace: '' },
  }),

  ...mistakesIn('src/manager/every.ts', ['test/manager/every.test.ts'], {
    'beats drift': { search: 'this.#due += (missed + 1) * this.#ms', replace: 'this.#due = now() + this.#ms' },
    'a beat that was missed is made up for': {
      search: 'this.#due += (missed + 1) * this.#ms',
      replace: 'this.#due += this.#ms',
    },
    'two runs go at a time': { search: 'this.last.done() && this.#owed === 0', replace: 'true' },
    'a beat goes on after its manager': {
      search: 'if (error instanceof ManagerClosedError) return this.#end()',
      replace: '',
    },
    'a closed manager leaves the timer of a beat': {
      search: 'this.#releases.push(host.onClosed(() => this.#end()))',
      replace: '',
    },
  }),

  ...mistakesIn('src/combinators/race.ts', ['test/combinators/race.test.ts'], {
    'losers are not waited for': { search: 'await stopped', replace: '' },
    'a loser that is pending starts': {
      search: '          won(index)\n',
      replace: '          queueMicrotask(() => won(index))\n',
    },
  }),

  ...mistakesIn('src/runner/runner-observer.ts', RUNNER, {
    'a cancelled waiter leaves its record behind': {
      search: 'if (task.extras?.acceptance?.line !== undefined) return',
      replace: '',
    },
  }),

  ...mistakesIn('src/runner/records.ts', RUNNER, {
    'the index keeps what the history has dropped': {
      search: 'if (dropped !== undefined) this.#index.delete(dropped.id)',
      replace: '',
    },
  }),

  ...mistakesIn('src/runner/store-writer.ts', RUNNER, {
    'a task starts before it is durable': {
      search: 'if (durable) this.#entrants.add(task)\n',
      replace: 'if (durable) task.extras?.acceptance?.open(task)\n',
    },
    'what could not be written is forgotten': { search: 'else this.#changed.add(task)', replace: '' },
    'close does not flush': {
      search: "this.#state === 'open' ? this.#flushAll()",
      replace: "this.#state === 'new' ? this.#flushAll()",
    },
    'a closed storeWriter goes on writing': { search: 'this.#writer.stop()', replace: '' },
    'the way to run a task again is dropped while it runs': {
      search: 'if (task.ended) this.#jobs.delete(task)',
      replace: 'this.#jobs.delete(task)',
    },
  }),

  ...mistakesIn('src/runner/recovery.ts', RUNNER, {
    'ids start again': { search: 'return { lastId, ended', replace: 'return { lastId: 0, ended' },
    'a start that is refused closes the store': {
      search: '    return await store.open(history)\n  } catch (error) {\n',
      replace: '    return await store.open(history)\n  } catch (error) {\n    await closeQuietly(store)\n',
    },
  }),

  ...mistakesIn('src/runner/record-writer.ts', RUNNER, {
    'a store that fails is not told from a record that it refuses': {
      search: 'if (first !== undefined && this.#taken === undefined) throw first[1]',
      replace: '',
    },
    'a record is given up when the store fails meanwhile': {
      search: '(await this.#attempt([smallest(this.#taken)])) !== undefined',
      replace: 'false',
    },
  }),

  ...mistakesIn('src/base/pieces.ts', RUNNER, {
    'long work takes no breath': { search: '    await turn()\n', replace: '' },
  }),

  ...mistakesIn('src/worker/pending-arguments.ts', ['test/worker/modes'], {
    'handles are passed as they are': {
      search: 'return args.some(arg => hasHandle(arg, DEEPEST)) ?',
      replace: 'return args.length < 0 ?',
    },
  }),

  ...mistakesIn('src/task/context/body-limits.ts', ['test/manager/task-permit.test.ts'], {
    'what a body forgets is never given back': {
      search: 'for (const permit of this.#permits) permit.release()',
      replace: '',
    },
    'what comes when the attempt is over is kept': { search: 'if (this.#closed) return permit.release()', replace: '' },
  }),

  ...mistakesIn('src/limits/acquire/acquisition.ts', ['test/manager/task-permit.test.ts'], {
    'a task waits for what it holds itself': { search: 'if (deadlock !== undefined) {', replace: 'if (false) {' },
  }),

  ...mistakesIn('src/task/task.ts', ['test/worker/start-up.test.ts'], {
    'a rate counts before its worker has started': { search: 'permit?.postpone()', replace: '' },
  }),

  ...mistakesIn('src/serialize/arrived.ts', ['test/serialise', 'test/worker/functions/hostile-carry.test.ts'], {
    'a part is read as often as it is referred to': { search: 'this.#read.add(part)', replace: '' },
    'members are inherited': { search: 'Object.hasOwn(part, key) ? ', replace: 'key in part ? ' },
    'holes are gone through': { search: ' && !Object.hasOwn(value, index)', replace: ' && false' },
  }),

  ...mistakesIn('src/serialize/thrown.ts', ['test/serialise'], {
    'errors are revived however deep they are': { search: 'if (depth === DEEPEST) throw', replace: 'if (false) throw' },
    'a field may be a stack that is no text': { search: 'if (wrong !== undefined) throw', replace: 'if (false) throw' },
  }),

  ...mistakesIn('src/worker/functions/carry.ts', ['test/worker/functions/hostile-carry.test.ts'], {
    'the place of an error is a name': { search: " && typeof step === 'number'", replace: '' },
    'errors are put into anything': { search: 'if (!isPlain(holder)) return undefined', replace: '' },
  }),

  ...mistakesIn('src/worker/functions/carry.ts', ['test/worker/functions/carry.test.ts'], {
    'a value is carried however deep it is': {
      search: 'if (depth > DEEPEST_VALUE) throw',
      replace: 'if (false) throw',
    },
    'a value: views take all their memory along': { search: 'this.#views.add(part', replace: 'void (part' },
    'a value: anything becomes a buffer': {
      search: 'if (!types.isUint8Array(bytes)) throw',
      replace: 'if (false) throw',
    },
    'a value: an instance loses its class': { search: ' || losesClass(part, this.#to)', replace: '' },
  }),

  ...mistakesIn('src/worker/messages/frames.ts', ['test/worker/host/frames.test.ts'], {
    'a frame of a stranger is taken': { search: 'throw new StrangeBytesError()', replace: 'return 0' },
    'a frame keeps the chunk that it came in': {
      search: 'const copied = chunk.copy(this.#part, this.#filled, at)',
      replace: `const copied = Math.min(this.#part.length - this.#filled, chunk.length - at)
    if (this.#filled === 0) this.#part = Buffer.from(chunk.buffer, chunk.byteOffset + at, this.#part.length)`,
    },
  }),

  ...mistakesIn('src/worker/messages/from-worker.ts', ['test/worker/host/from-worker.test.ts'], {
    'a message of a worker may be no list': {
      search: 'if (!Array.isArray(message)) throw',
      replace: 'if (false) throw',
    },
    'a message of a worker has any number': { search: "typeof value === 'number' && value >= 0", replace: 'true' },
    'a message of a worker has any progress': { search: 'progressOf(second)]', replace: 'second as TaskProgress]' },
  }),

  ...mistakesIn('src/worker/messages/to-worker.ts', ['test/worker/host/from-worker.test.ts'], {
    'a message to a worker names any function': { search: ' && isReference(reference)\n', replace: '\n' },
    'a message to a worker stops nothing': {
      search: "if (typeof number === 'number' && typeof carried === 'object') return",
      replace: 'return',
    },
  }),

  ...mistakesIn('src/worker/parent/function-numbers.ts', ['test/worker/host/function-numbers.test.ts'], {
    'a worker remembers every function': {
      search: 'if (this.#byKey.size < MOST_KNOWN) return',
      replace: 'if (true) return',
    },
  }),

  ...mistakesIn('src/worker/pool/pool-worker.ts', ['test/worker/pool/worker-pool.test.ts'], {
    'a worker that may be ended gets calls': { search: ' && !this.host.doubtful', replace: '' },
  }),

  ...mistakesIn('src/worker/parent/surroundings.ts', ['test/worker/host/surroundings.test.ts'], {
    'the environment of a worker has a prototype': {
      search: 'const result: Record<string, string> = bare({})',
      replace: 'const result: Record<string, string> = {}',
    },
  }),

  ...mistakesIn('src/distributed/protocol/payload.ts', ['test/distributed/protocol'], {
    'large values are taken all the same': { search: 'if (bytes <= maxBytes) return\n', replace: 'return\n' },
    'minus zero becomes zero': { search: ' && !Object.is(value, -0)', replace: '' },
    'large values are sent all the same': { search: 'if (bytes <= maxBytes) return text', replace: 'return text' },
  }),

  ...mistakesIn('src/distributed/bullmq/workarounds/late-events.ts', ['test/distributed/bullmq'], {
    'events that are committed late are never seen': {
      search: 'const late = await lateOnes()',
      replace: 'const late: EventEntry[] = []',
    },
  }),

  ...mistakesIn('src/distributed/bullmq/workarounds/kept-notifications.ts', ['test/distributed/bullmq'], {
    'what is announced before the wait is waited for': { search: 'if (!news) await wait', replace: 'await wait' },
  }),

  ...mistakesIn('src/distributed/bullmq/workarounds/event-listeners.ts', ['test/distributed/bullmq'], {
    'events are read again': { search: 'last = id', replace: '' },
    'a listener that throws ends the reading': { search: 'failed(error)', replace: 'throw error' },
  }),

  ...mistakesIn('src/distributed/call/priorities.ts', ['test/distributed/priorities.test.ts'], {
    'others do not hear that the queue needs priorities': {
      search: "await server.publish(queue, 'priorities')",
      replace: '',
    },
  }),

  ...mistakesIn(
    'src/distributed/call/queue-client.ts',
    ['test/distributed/shared-calls.test.ts', 'test/distributed/connecting.test.ts'],
    {
      'a cancel overtakes the job that it is for': { search: 'await call.added\n', replace: '' },
      'a call waits for its connection when nobody wants it': {
        search: "if (call.jobId === '') return call.fail(reason)",
        replace: '',
      },
    },
  ),

  ...mistakesIn('src/distributed/call/queued-call.ts', ['test/distributed/shared-calls.test.ts'], {
    'a call ends with the cancel of another one': {
      search: "ending === 'stopped' && key !== undefined && !signal.aborted",
      replace: 'false',
    },
  }),

  ...mistakesIn('src/distributed/serve/job-run.ts', ['test/distributed/remote-context.test.ts'], {
    'functions elsewhere see the task of their worker': { search: '      id,\n      attempt,\n', replace: '' },
  }),

  ...mistakesIn('src/cli/stop-signals.ts', ['test/cli/script-runner.test.ts'], {
    'nobody hears of the end of npm': { search: 'process.ppid === parent', replace: 'parent > 0' },
  }),

  ...mistakesIn('src/distributed/serve/job-run.ts', ['test/distributed/any-text.test.ts'], {
    'a server that does not keep a stack gets the end of no job': {
      search: 'error.stack = shownText(stack)',
      replace: 'error.stack = stack',
    },
  }),

  ...mistakesIn('src/distributed/serve/job-processor.ts', ['test/distributed/shared-calls.test.ts'], {
    'workers do not look whether a result is there already': {
      search: "return cached === undefined ? undefined : { kind: 'done', result: decode(cached, maxBytes) }",
      replace: 'return undefined',
    },
  }),

  ...mistakesIn('src/distributed/bullmq/workarounds/unreadable-jobs.ts', ['test/distributed/misshapen.test.ts'], {
    'jobs whose data is no JSON are left to their locks': { search: "data: 'null'", replace: "data: '{'" },
  }),

  ...mistakesIn('src/distributed/protocol/received.ts', ['test/distributed/misshapen.test.ts'], {
    'results are not checked': {
      search: "typeof result === 'string' ? result : undefined",
      replace: 'result as string',
    },
  }),

  ...mistakesIn('src/distributed/serve/job-returns.ts', ['test/distributed/rolling-deployment.test.ts'], {
    'a worker fails calls of functions that another one has': { search: 'functions.has(job.name)', replace: 'false' },
  }),

  ...mistakesIn('src/distributed/serve/function-registry.ts', ['test/distributed/function-registry.test.ts'], {
    'functions of Node that a module exports are served': { search: 'nodes.has(fn) || ', replace: '' },
  }),

  ...mistakesIn('src/base/wall-clock.ts', ['test/base/wall-clock.test.ts', 'test/task/record.test.ts'], {
    'a clock that was set is not noticed': {
      search: 'this.#settings = [...this.#settings, {',
      replace: 'void [...this.#settings, {',
    },
    'a record that has ended changes with the clock': { search: 'since < end', replace: 'since < Infinity' },
  }),

  ...mistakesIn('src/runner/recovery.ts', ['test/runner/recovery.test.ts'], {
    'a deadline grows by what the clock was set back': {
      search: 'Math.max(at, updatedAt, createdAt) - createdAt',
      replace: 'at - createdAt',
    },
  }),

  ...mistakesIn('src/store/end-order.ts', ['test/store/memory-store.test.ts'], {
    'what ended after a clock was set back counts as what ended earlier': {
      search: 'if (setBack) this.#stretch += 1',
      replace: '',
    },
  }),

  ...mistakesIn('src/connection/postgres-pool.ts', ['test/connection/search-path.test.ts'], {
    'the options of a URL replace the search path': { search: 'if (ofUrl === undefined) return', replace: 'return' },
  }),

  ...mistakesIn('src/distributed/options.ts', ['test/distributed/long-durations.test.ts'], {
    'a long connectTimeout is a short timer': {
      search: "Math.min(interval('connectTimeout', connectTimeout), LONGEST_TIMER)",
      replace: "interval('connectTimeout', connectTimeout)",
    },
  }),

  ...mistakesIn('src/connection/connect.ts', ['test/distributed/connecting.test.ts'], {
    'a server that refuses is asked again and again': {
      search: 'const final = isFinal(cause)',
      replace: 'const final = false',
    },
  }),

  ...mistakesIn('src/connection/driver-errors.ts', ['test/connection/driver-errors.test.ts'], {
    'errors of drivers keep the commands that they carry': {
      search: ' || Reflect.deleteProperty(error, key)',
      replace: ' || true',
    },
    'errors of drivers lose the number of a lost lock': {
      search: " || (key === 'detail' && code === REFUSED_END)",
      replace: '',
    },
    'errors of drivers keep secrets in their texts': { search: 'return hide(value)', replace: 'return value' },
  }),

  ...mistakesIn('src/connection/persistence.ts', ['test/connection/open-anew.test.ts'], {
    'what a server refuses is asked for again': {
      search: '      if (!isTransient(error)) throw error\n',
      replace: '',
    },
    'what was met before the time was over is not said': {
      search: '(before === undefined || isFinal(error.cause))',
      replace: 'true',
    },
    'a lost connection is not opened anew': {
      search: 'if (unreached || now() + PAUSE >= end)',
      replace: '',
    },
    'each attempt has all the time': { search: 'Math.max(1, end - now())', replace: 'timeout' },
  }),

  ...mistakesIn('src/connection/heartbeat.ts', ['test/connection/heartbeat.test.ts'], {
    'a silent connection is never asked': { search: 'if (silent) ask().catch(() => {})', replace: '' },
    'a silent connection is kept': {
      search: 'if (silent && asked) return void stream.destroy(silence())',
      replace: '',
    },
    'a connection that was silent once is given up later': { search: 'asked = silent', replace: 'asked ||= silent' },
  }),

  ...mistakesIn('src/connection/connection-report.ts', ['test/connection/connection-report.test.ts'], {
    'trouble that goes on is logged each time': { search: 'now() - said.at < AGAIN', replace: 'false' },
  }),

  ...mistakesIn('src/store/sqlite/damage.ts', ['test/store/sqlite-damage.test.ts'], {
    'a row that is gone from its table is not missed': {
      search: 'return tasks === indexed ? undefined :',
      replace: 'return tasks >= indexed - 1 ? undefined :',
    },
    'a damaged row stays where it is shown': { search: '      remove.run(id)\n', replace: '' },
    'a record that only the indices know is not reported': {
      search: 'for (const id of missing) name.run(id)',
      replace: '',
    },
    'damaged pages are repaired over': { search: '    requireSoundPages(database, path)\n', replace: '' },
  }),

  ...mistakesIn('src/store/sqlite/place.ts', ['test/store/sqlite-place.test.ts'], {
    'a file that is gone is written to': {
      search: "if (found === undefined) return 'was removed or moved away'",
      replace: 'if (found === undefined) return undefined',
    },
    'another file in its place is not seen': {
      search: 'found.dev !== part.device || found.ino !== part.inode',
      replace: 'found.dev !== part.device',
    },
    'a file that was cut off is written to': { search: 'found.size < part.size', replace: 'found.size < 0n' },
  }),

  ...mistakesIn('src/store/sqlite/wal.ts', ['test/store/sqlite-wal.test.ts'], {
    'a torn end of a log is taken for damage': { search: 'const TOO_MANY = 2', replace: 'const TOO_MANY = 1' },
    'frames of before a log was begun anew count': {
      search: 'equal(pairAt(bytes, 8), salts) && equal(sum, before)',
      replace: 'equal(sum, before)',
    },
    'a log whose header is damaged is not looked at': {
      search: 'if (isSound(header, littleEndian)) return [{ pageSize, littleEndian, salts }]',
      replace: 'return [{ pageSize, littleEndian, salts }]',
    },
    'a torn header of a new log is taken for damage': {
      search: 'if (own[0] !== salts[0] && own[1] !== salts[1]) return []',
      replace: '',
    },
  }),

  ...mistakesIn('src/store/sqlite/connect.ts', ['test/store/sqlite-wal.test.ts'], {
    'a damaged log is opened': {
      search: "if (synchronous === 'full' && path !== ':memory:') requireSoundLog(path)",
      replace: '',
    },
  }),

  ...mistakesIn('src/testing/run-virtual.ts', ['test/testing'], {
    'real time does not come back after a failure': {
      search: `    return { value, elapsed: clock.elapsed }
  } finally {
    clock.uninstall()
  }`,
      replace: `    clock.uninstall()
    return { value, elapsed: clock.elapsed }
  } catch (error) {
    throw error
  }`,
    },
  }),

  ...mistakesIn('src/testing/virtual-clock.ts', ['test/testing'], {
    'imports from node:timers stay real': { search: 'syncBuiltinESMExports()\n    return', replace: 'return' },
    'a virtual deadlock goes on waiting': {
      search: 'if (this.#clock.countTimers() === 0) {',
      replace: 'if (this.#clock.countTimers() < 0) {',
    },
  }),

  ...mistakesIn('src/testing/explore-all.ts', ['test/testing'], {
    'the exploration leaves out the last order': {
      search: 'choice.pick + 1 < choice.options',
      replace: 'choice.pick + 2 < choice.options',
    },
  }),
]
