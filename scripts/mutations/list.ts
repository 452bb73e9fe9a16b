import { type Mutation, mistakesIn } from './mutation.ts'

const RUNNER = ['test/runner', 'test/systems']
const CORE = ['test/invariants', 'test/manager', 'test/task', 'test/collections']

const STREAMS = ['test/streams', 'test/invariants/streams.test.ts']

const ON_THE_WAY = ['test/distributed/job-stream.test.ts']

const STILL = ['test/invariants/standing-still.test.ts']

/** Every mistake the tests must notice. */
export const MUTATIONS: readonly Mutation[] = [
  ...mistakesIn('src/base/options.ts', ['test/options'], {
    'a duration of NaN is taken': {
      search: "(Infinity: no limit)', value => value >= 0)",
      replace: "(Infinity: no limit)', value => !(value < 0))",
    },
    'a capacity of zero is taken': { search: 'value >= 1 && isWhole', replace: 'value >= 0 && isWhole' },
    'an array is taken for an options object': {
      search: " || Array.isArray(value)) throw wrong(option, 'an object', value)",
      replace: ") throw wrong(option, 'an object', value)",
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
      search: '(this.#sequences[index] as number) > sequence',
      replace: '(this.#sequences[index] as number) < sequence',
    },
    'the heap does not sink what fills a gap': { search: 'else this.#sink(item, index)', replace: '' },
    'the heap does not raise what has a better rank': {
      search: 'if (index > 0 && this.#isAfter',
      replace: 'if (false && this.#isAfter',
    },
    'later siblings are not looked at': { search: 'each < to; each++', replace: 'each < from + 2; each++' },
  }),

  ...mistakesIn('src/collections/sorting-heap.ts', ['test/collections'], {
    'a late one is sorted behind those that came before it': { search: 'sequence > this.#latest && ', replace: '' },
    'priorities that make no exact key are sorted by it': { search: ' && Math.abs(priority) < HIGHEST', replace: '' },
    'the first of those that were sorted stays the first': {
      search: 'else if (this.#sorted && position === this.#first) this.#advance()',
      replace: '',
    },
    'what is left of those that were sorted is lost': {
      search: 'for (const item of items) if (item !== undefined) this.#single.push(item)',
      replace: '',
    },
  }),

  ...mistakesIn('src/collections/queues.ts', CORE, {
    'lower priorities go first': { search: 'before(other, usual) ? other', replace: 'before(usual, other) ? other' },
    'items do not learn their new place when the holes are squeezed out': {
      search: '      item.position = tail\n',
      replace: '',
    },
  }),

  ...mistakesIn('src/scheduler/slots.ts', CORE, {
    'oversubscribe by one': {
      search: 'Math.max(0, this.#maxTasks - this.slotsTaken)',
      replace: 'Math.max(0, this.#maxTasks + 1 - this.slotsTaken)',
    },
    'no pump after maxTasks was raised': {
      search: 'this.#maxTasks = value\n    this.fill()',
      replace: 'this.#maxTasks = value',
    },
    'one more may be pending than maxPending': {
      search: 'this.queueSize < this.settings.maxPending',
      replace: 'this.queueSize <= this.settings.maxPending',
    },
  }),

  ...mistakesIn('src/scheduler/scheduler.ts', CORE, {
    'no pump after a slot is free': {
      search: 'this.#supervision.released()\n    this.#pump(at)',
      replace: 'this.#supervision.released()',
    },
    'the body starts within spawn': { search: 'queueMicrotask(this.#makeStartable)', replace: 'this.#makeStartable()' },
    'closed flag set after the drain': {
      search: 'if (this.#closing) throw',
      replace: 'if (this.#closing && this.idle) throw',
    },
  }),

  ...mistakesIn('src/scheduler/ready-queue.ts', ['test/manager/event-loop.test.ts'], {
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
      search: 'if (this.#taking > 0) return undefined',
      replace: '',
    },
  }),

  ...mistakesIn('src/scheduler/entry/delays.ts', ['test/manager/delays.test.ts'], {
    'delay: the clock of the system is read but once': {
      search: 'const LONGEST_UNREAD = 60_000',
      replace: 'const LONGEST_UNREAD = Number.POSITIVE_INFINITY',
    },
    'delay: those that leave keep the timer': { search: 'if (this.#heap.size === 0) this.#arm()', replace: '' },
    'delay: the first to be due does not go before the others': {
      search: 'if (this.#heap.peek() === place) this.#arm()',
      replace: 'if (this.#heap.size === 1) this.#arm()',
    },
    'delay: a place in the queue is free though delayed tasks have it': {
      search: 'return Math.max(this.size, waiting) < most',
      replace: 'return waiting < most',
    },
    'delay: only one of those that are due starts': {
      search: 'first !== undefined && first.due <= time; first = this.#heap.peek()',
      replace: 'first !== undefined && first.due <= time; first = undefined',
    },
  }),

  ...mistakesIn('src/scheduler/entry/keys.ts', ['test/manager/keys.test.ts', 'test/invariants/keys.test.ts'], {
    'key: a task joins one that is being cancelled': {
      search: " === 'join' && !isCancelled(live.task)) {",
      replace: " === 'join') {",
    },
    'key: the next one starts before the work has stopped': {
      search: 'task.more().heldBy = before ?? live?.task\n    return true',
      replace: 'return false',
    },
    'key: work that goes on past its handle is forgotten': {
      search: 'if (task.context !== undefined && entry.before === undefined) {',
      replace: 'if (task.context !== undefined && entry.before !== undefined) {',
    },
    'key: the next one is never told that the work has stopped': {
      search: 'waiting.owner.enqueue(waiting)',
      replace: '',
    },
    'key: one that was cancelled is kept': {
      search: "task.status === 'failed' && !isCancelled(task)",
      replace: "task.status === 'failed' || isCancelled(task)",
    },
    'key: entries are never dropped': {
      search: 'if (this.#entries.get(entry.name) === entry) this.#entries.delete(entry.name)',
      replace: '',
    },
    'key: what is kept is never forgotten': { search: 'this.#kept.remove(kept)\n', replace: '' },
    'key: an aborted task takes the key of one that lives': {
      search: 'if (previous !== undefined && !previous.task.ended) this.#entryOf(entry.name).live ??= previous',
      replace: '',
    },
    'key: the longest time does not hold': {
      search: 'return live.join(settings, keepFor).handle',
      replace: 'return live.join(settings, 0).handle',
    },
  }),

  ...mistakesIn('src/scheduler/entry/share.ts', ['test/manager/keys.test.ts', 'test/runner/keys.test.ts'], {
    'share: a cancel of one ends the work of all': {
      search: 'return !this.unattended && this.#shares.size === 1 && this.#shares.has(share)',
      replace: 'return true',
    },
    'share: the last one leaves the work running': {
      search: 'return !this.unattended && this.#shares.size === 1 && this.#shares.has(share)',
      replace: 'return false',
    },
    'share: a spawn that joins a recovered task can cancel it': {
      search: '!this.unattended && this.#shares',
      replace: 'this.#shares',
    },
    'share: a failure that one has seen is told for the others': {
      search: 'if (this.#observed) this.shared.observed = true',
      replace: '',
    },
    'share: a deadline that nobody saw pass is lost': {
      search: "if (share.status === 'failed') this.#report.failed(share)",
      replace: '',
    },
    'share: the deadline goes on after the end': { search: 'this.#deadline?.cancel()\n', replace: '' },
  }),

  ...mistakesIn('src/scheduler/failure-report.ts', CORE, {
    'an observed failure is reported all the same': {
      search: 'if (!task.observed) this.tell(',
      replace: 'this.tell(',
    },
  }),

  ...mistakesIn('src/distributed/serve/service.ts', ['test/distributed/service-report.test.ts'], {
    'a service that is closing says that it is ready': {
      search: 'if (this.#closing !== undefined) return false\n    this.#ping',
      replace: 'this.#ping',
    },
  }),

  ...mistakesIn('src/cli/port-options.ts', ['test/cli/arguments.test.ts'], {
    'the page is shown to anybody on every address': {
      search: 'token !== undefined || isLoopback(host)) return',
      replace: 'host !== undefined) return',
    },
  }),

  ...mistakesIn('src/cli/ports.ts', ['test/distributed/cli-ports.test.ts', 'test/cli/arguments.test.ts'], {
    'a worker is ready without its server': {
      search: '(await this.#service.ready()) ? undefined',
      replace: 'true ? undefined',
    },
    'a port stays closed until the worker has started': {
      search: "if (this.#service === undefined) return 'starting'",
      replace: "if (this.#service === undefined) return 'closed'",
    },
  }),

  ...mistakesIn('src/otel/spans.ts', ['test/otel'], {
    'a call that has joined another is linked to none': { search: 'if (linked !== undefined)', replace: 'if (false)' },
    'who joins a task is linked where the first caller was': {
      search: "type === 'submitted' || type === 'joined'",
      replace: "type === 'submitted'",
    },
    'the work runs outside of its span': { search: 'context.with(open.within, work)', replace: 'work()' },
    'what was noted is told only after the start of the work': {
      search: 'if (this.#noted.length > 0) this.#flush()',
      replace: '',
    },
  }),

  ...mistakesIn('src/compat/tinypool/tinypool.ts', ['test/compat/tinypool.test.ts'], {
    'a task that is isolated leaves its worker to the next': { search: '? { calls: 1 }', replace: '? {}' },
    'what waits for a worker that starts is not cancelled': {
      search: 'if (!dispatched) void',
      replace: "if (handle.status === 'pending') void",
    },
    'tasks start while the workers are recycled': { search: 'this.#manager.pause()', replace: '' },
  }),
  ...mistakesIn('src/compat/tinypool/worker-of-pool.ts', ['test/compat/tinypool.test.ts'], {
    'workers have the environment of this process beside their own': {
      search: 'inheritEnv: env === undefined',
      replace: 'inheritEnv: true',
    },
    'a worker has its channel once for each task': { search: 'if (channel === this.#channel) return', replace: '' },
    'a worker is not torn down': { search: 'if (teardown !== undefined', replace: 'if (teardown === null' },
  }),
  ...mistakesIn('src/distributed/call/distributed-engine.ts', ['test/distributed/loading.test.ts'], {
    'a call that waits for the mode to be loaded does not count': { search: 'this.#loading + ', replace: '' },
  }),
  ...mistakesIn('src/compat/p-limit/p-limit.ts', ['test/compat/p-limit.test.ts'], {
    'a call in the background counts as awaited': { search: 'value => resolve(value)', replace: 'resolve' },
  }),

  ...mistakesIn('src/inspector/search.ts', ['test/inspector/inspector-handler.test.ts'], {
    'what is at hand is found in the store once more': {
      search: 'history.find(record.id) === undefined && ',
      replace: '',
    },
    'a search ends where the history does': {
      search: 'while (before !== undefined)',
      replace: 'while (before === -1)',
    },
    'a search for a tag finds everything': { search: 'tags?.some(tagFits) === true', replace: 'tags !== null' },
  }),

  ...mistakesIn('src/inspector/guard.ts', ['test/inspector/guard.test.ts'], {
    'the cookie tells the token to whatever listens on other ports': {
      search: "return createHash('sha256').update(",
      replace: "return encodeURIComponent(token) || createHash('sha256').update(",
    },
  }),

  ...mistakesIn('src/inspector/node-server.ts', ['test/inspector/mounted.test.ts'], {
    'below Express the page has no path': {
      search: 'const { originalUrl = incoming.url } = incoming as { readonly originalUrl?: string }',
      replace: 'const originalUrl = incoming.url',
    },
    'a body that was read before is waited for': {
      search: 'given === undefined ? await bodyOf(incoming) : textOf(given)',
      replace: 'await bodyOf(incoming)',
    },
  }),

  ...mistakesIn('src/inspector/inspector-handler.ts', ['test/inspector/mounted.test.ts'], {
    'a body is read whole however long it is': {
      search: 'if (text.length > LONGEST_BODY) return undefined',
      replace: 'if (text.length > 1e6) return undefined',
    },
  }),

  ...mistakesIn('src/scheduler/stuck/stuck-watch.ts', ['test/manager/stuck.test.ts'], {
    'a task that stands still is told of at every look': {
      search: 'if (this.#standing.get(task)?.since === since) return false',
      replace: '',
    },
    'a task that moves again is remembered as stuck for ever': {
      search: '    if (this.#standing.size > 0) this.#forget(task)',
      replace: '',
    },
    'progress is no sign of life': {
      search: 'Math.max(updatedAt, extras',
      replace: 'Math.max(extras?.restartedAt ?? 0, extras',
    },
    'the beginning of a wait is no sign of life': { search: 'extras?.activeAt ?? 0', replace: '0' },
    'every look warns': { search: ' && at - this.#warnedAt >= WARN_EVERY', replace: '' },
    'a warning that came too soon is forgotten': {
      search: 'Math.min(due, this.#warnedAt + WARN_EVERY)',
      replace: 'due',
    },
    'a look that was broken off does not go on': { search: 'if (!complete) return this.#arm(1)', replace: '' },
    'the look ends at the first task that moves': {
      search: 'task.createdAt > cutoff ? undefined',
      replace: 'since > cutoff ? undefined',
    },
    'looks go on when nothing is left to tell': {
      search: 'if (next < Number.POSITIVE_INFINITY) this.#arm(Math.max(1, Math.ceil(next - at)))',
      replace: 'this.#arm(Math.min(this.#after, Math.max(1, Math.ceil(next - at))))',
    },
  }),

  ...mistakesIn('src/scheduler/fail-fast.ts', CORE, {
    'failFast lets the others go on': {
      search: "void stopAll(this.#scheduler, { kind: 'cancel', reason: task.outcome })",
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
  }),

  ...mistakesIn('src/task/spawn-settings.ts', CORE, {
    'tasks with different deadlines share their settings': {
      search: 'some.deadline === others.deadline &&',
      replace: '',
    },
    'a task takes the limits of the one before': {
      search: 'if (limits !== this.#limits) this.#source =',
      replace: 'this.#source ??=',
    },
    'tasks share what belongs to one of them': { search: 'if (!isPlain(settings)) return settings', replace: '' },
  }),

  ...mistakesIn('src/scheduler/waiters.ts', CORE, {
    'drain leaves out what is spawned as it ends': { search: 'while (!scheduler.idle)', replace: 'while (false)' },
    'a wait for a manager that gave up is kept': {
      search: '      over = true\n      leave()\n',
      replace: '      over = true\n',
    },
  }),

  ...mistakesIn('src/scheduler/rooms.ts', CORE, {
    'those before it in the line of one limit hold up who needs another': {
      search: '      room.line = undefined\n',
      replace: '',
    },
  }),

  ...mistakesIn('src/scheduler/ready-queue.ts', CORE, {
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
    'a later look takes the outcome from an await': {
      search: 'attempt(() => passed?.resolve(promise))',
      replace: '',
    },
  }),

  ...mistakesIn('src/limits/acquire/line.ts', ['test/limits'], {
    'nobody is next when the first in line gives up': {
      search: 'if (this.#remove(waiter)) for (const supply of this.supplies) supply.handOn()',
      replace: 'this.#remove(waiter)',
    },
    'the timer of those who have gone stays': {
      search: 'else this.wakeAt(Number.POSITIVE_INFINITY, 0)',
      replace: '',
    },
    'who waits already is forgotten when others may want the same': {
      search: 'if (this.#line !== undefined) rivals.place(this.#line, this.#line.head)',
      replace: '',
    },
  }),

  ...mistakesIn('src/limits/acquire/rivals.ts', ['test/limits'], {
    'lines that were passed are forgotten': {
      search: 'for (const stand of passed) this.#heap.push(stand)',
      replace: '',
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
    'the body runs in the context of the call that freed the slot': {
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
      search: '    this.updatedAt = at\n',
      replace: '    this.updatedAt = at\n    this.extras?.deadline?.cancel()\n',
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

  ...mistakesIn('src/task/task-state.ts', CORE, {
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
    'a request that waits is let in once only': { search: 'if (this.#line.size > 0) this.#listen()', replace: '' },
  }),

  ...mistakesIn('src/limits/per-key/per-key.ts', ['test/limits/per-key.test.ts'], {
    'a permit does not keep the limit of its key': {
      search: 'for (const supply of free) supply.keeper = kept',
      replace: '',
    },
    'the limit of another key is claimed': {
      search: 'if (supply.keeper === undefined) return true',
      replace: 'return true',
    },
    'what two keys share is kept with the first of them': {
      search: 'if (this.#own.has(supply.keeper)) supply.keeper = SHARED',
      replace: '',
    },
    'what a limit used before it got a key is forgotten': {
      search: 'if (kept.remembersUntil(preciseNow()) !== undefined) kept.changed()',
      replace: '',
    },
    'keys are kept for good': {
      search: 'if (this.#known(key) === undefined) this.#limits.delete(key)',
      replace: '',
    },
    'a key has two limits': { search: 'if (meanwhile !== undefined) return meanwhile', replace: '' },
  }),

  ...mistakesIn('src/limits/per-key/remembered.ts', ['test/limits/per-key.test.ts'], {
    'what a rate remembers is let go at the first look': {
      search: 'if (until !== undefined) this.#push(kept, until, now)',
      replace: '',
    },
    'the process waits for windows to end': {
      search: 'startBackgroundTimer(delay, () => this.#look()))',
      replace: '(setTimeout(() => {}, delay), startBackgroundTimer(delay, () => this.#look())))',
    },
    'windows to end keep what was there when they began': {
      search: 'outsideContext(() => startBackgroundTimer(delay, () => this.#look()))',
      replace: 'startBackgroundTimer(delay, () => this.#look())',
    },
  }),

  ...mistakesIn(
    'src/scheduler/rooms.ts',
    ['test/limits/per-key.test.ts', 'test/manager', 'test/limits/external.test.ts'],
    {
      'a room is not looked at when one of it asks no more': { search: '    this.#rooms.enter(this)\n', replace: '' },
      'the place of a room is that of who has left it': {
        search: '    room.sequence = head.sequence\n',
        replace: '',
      },
      'more ask than there are slots': { search: 'asking < free &&', replace: '' },
    },
  ),

  ...mistakesIn('src/task/retry/restarts.ts', ['test/manager/supervise.test.ts'], {
    'restarts are counted for good': {
      search: 'while (this.#times.length > 0 && at - (this.#times[0] as number) >= per) this.#times.shift()',
      replace: '',
    },
    'one restart too many': {
      search: 'this.#times.length >= maxRestarts',
      replace: 'this.#times.length > maxRestarts',
    },
    'what returns is started again': {
      search: '(ok && !this.#policy.judgesResults)',
      replace: '(ok && this.#policy.judgesResults)',
    },
    'the last error is no cause': { search: 'ok ? {} : { cause: value }', replace: '{}' },
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
    'a scope does not hear that the task around is told to stop': {
      search: 'if (task !== undefined) scope.follow(task.signal)',
      replace: '',
    },
    'a scope within a scope is aborted in the same breath': { search: 'if (aborting.length > 1) return', replace: '' },
    'a halt hides with what the scope fails': {
      search: 'if (failure !== undefined && scope.hasFailedWith(failure.error)) kept.thrown = failure',
      replace: '',
    },
    'a scope that was aborted starts tasks': { search: 'if (aborted) void handle.cancel(aborted.reason)', replace: '' },
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

  ...mistakesIn('src/runner/history.ts', RUNNER, {
    'the index keeps what the history has dropped': {
      search: 'if (dropped !== undefined) this.#index.delete(dropped.id)',
      replace: '',
    },
  }),

  ...mistakesIn('src/runner/durable/store-writer.ts', RUNNER, {
    'a task starts before it is durable': {
      search: 'if (awaited) this.#entrants.add(task)\n',
      replace: 'if (awaited) acceptance.open(task)\n',
    },
    'what could not be written is forgotten': { search: 'else this.#changed.add(task)', replace: '' },
    'close does not flush': {
      search: "this.#state === 'open' ? this.#flushAll()",
      replace: "this.#state === 'new' ? this.#flushAll()",
    },
    'a closed storeWriter goes on writing': { search: 'this.#writer.stop()', replace: '' },
    'the way to run a task again is not kept': {
      search: 'const job = task.settings.job?.text',
      replace: 'const job = undefined',
    },
  }),

  ...mistakesIn('src/runner/durable/recovery.ts', RUNNER, {
    'ids start again': { search: 'return { lastId, ended', replace: 'return { lastId: 0, ended' },
    'a start that is refused closes the store': {
      search: '    return await store.open(history, retention)\n  } catch (error) {\n',
      replace: '    return await store.open(history, retention)\n  } catch (error) {\n    await closeQuietly(store)\n',
    },
  }),

  ...mistakesIn('src/runner/durable/record-writer.ts', RUNNER, {
    'a store that fails is not told from a record that it refuses': {
      search: 'if (first !== undefined && this.#taken === undefined) throw first[1]',
      replace: '',
    },
    'a record is given up when the store fails meanwhile': {
      search: '(await this.#attempt([smallest(this.#taken)])) !== undefined',
      replace: 'false',
    },
  }),

  ...mistakesIn('src/store/pieces.ts', RUNNER, {
    'long work takes no breath': { search: '    await turn()\n', replace: '' },
  }),

  ...mistakesIn('src/worker/call.ts', ['test/worker/modes'], {
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
    'a task waits for what it holds itself': {
      search: 'if (deadlock !== undefined) return',
      replace: 'if (false) return',
    },
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

  ...mistakesIn('src/worker/messages/protocol.ts', ['test/worker/host/protocol.test.ts'], {
    'a message of a worker may be no list': {
      search: 'if (!Array.isArray(message)) throw',
      replace: 'if (false) throw',
    },
    'a message of a worker has any number': { search: "typeof value === 'number' && value >= 0", replace: 'true' },
    'a message of a worker has any progress': { search: 'progressOf(second)]', replace: 'second as TaskProgress]' },
    'a message to a worker names any function': { search: ' && isReference(reference)\n', replace: '\n' },
    'a message to a worker stops nothing': {
      search: "if (typeof number === 'number' && typeof carried === 'object') return",
      replace: 'return',
    },
  }),

  ...mistakesIn('src/worker/parent/worker-calls.ts', ['test/worker/host/function-numbers.test.ts'], {
    'a worker remembers every function': {
      search: 'if (this.#byKey.size < MOST_KNOWN) return',
      replace: 'if (true) return',
    },
  }),

  ...mistakesIn('src/worker/pool/pool-worker.ts', ['test/worker/pool/worker-pool.test.ts'], {
    'a worker that may be ended gets calls': { search: ' && !this.host.doubtful', replace: '' },
  }),

  ...mistakesIn('src/worker/parent/orphans.ts', ['test/worker/host/lifetime.test.ts'], {
    'the shell that ends orphans is told of none at its start': { search: ', ...first]', replace: ']' },
    'a shell that was killed has no successor': { search: 'signal !== null && groups.size > 0', replace: 'false' },
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

  ...mistakesIn('src/base/clock.ts', ['test/base/wall-clock.test.ts', 'test/task/record.test.ts'], {
    'a clock that was set is not noticed': {
      search: 'this.#settings = [...this.#settings, {',
      replace: 'void [...this.#settings, {',
    },
    'a record that has ended changes with the clock': { search: 'since < end', replace: 'since < Infinity' },
  }),

  ...mistakesIn('src/runner/durable/recovery.ts', ['test/runner/recovery.test.ts'], {
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

  ...mistakesIn(
    'src/store/sqlite/lock.ts',
    ['test/store/sqlite-processes.test.ts', 'test/store/sqlite-errors.test.ts'],
    {
      'two may write': { search: '; BEGIN EXCLUSIVE', replace: '; BEGIN' },
      'a lock that may only be read counts': { search: 'accessSync(this.#path, constants.W_OK)', replace: '' },
    },
  ),

  ...mistakesIn('src/runner/durable/store-commands.ts', ['test/cli/tasks.test.ts'], {
    'a rerun is refused when the queue is full': { search: 'error instanceof QueueFullError || ', replace: '' },
    'a cancel is confirmed before the work has stopped': {
      search: 'const cancelled = await this.#target.cancel(task, REASON)',
      replace: 'const cancelled = true; void this.#target.cancel(task, REASON)',
    },
  }),

  ...mistakesIn('src/store/sqlite/sqlite-store.ts', ['test/cli/tasks.test.ts'], {
    'a rerun is written, and its command not answered': {
      search: 'if (task.command !== undefined) this.#commands',
      replace: 'if (task.command === -1) this.#commands',
    },
  }),

  ...mistakesIn('src/cli/visible.ts', ['test/cli/tasks.test.ts'], {
    'a terminal takes C1 for commands': { search: '\\p{Cc}', replace: '\\0-\\x1f' },
  }),

  ...mistakesIn('src/store/sqlite/retaining.ts', ['test/store/sqlite-retaining.test.ts'], {
    'what has failed is removed for the others': {
      search: "take('others', ends.others - count)",
      replace: "take('all', ends.others - count)",
    },
    'what is written again counts twice': { search: '- before.others', replace: '' },
  }),

  ...mistakesIn('src/runner/records.ts', ['test/runner/rerun.test.ts'], {
    'a task that lives is run a second time': { search: "task.status === 'running' ||", replace: '' },
    'a record is shown twice, from memory and from the store': {
      search:
        'if (this.#scheduler.find(record.id) !== undefined || this.#history.find(record.id) !== undefined) continue',
      replace: '',
    },
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

  ...mistakesIn('src/streams/channel.ts', STREAMS, {
    'credits come back only when all are used up': {
      search: 'this.#owed * 2 >= this.#buffer',
      replace: 'this.#owed > this.#buffer',
    },
    'a credit comes back twice': { search: 'this.#owed += 1', replace: 'this.#owed += 2' },
    'a stream is tried again after an item was read': {
      search: 'if (this.#read) return false\n    this.#held',
      replace: 'this.#held',
    },
    'items are read while it is decided whether they are made again': {
      search: ' || this.#held) return NONE',
      replace: ') return NONE',
    },
    'the items of an attempt that failed are read as well': {
      search: 'this.#attempt = attempt\n    this.#clear()',
      replace: 'this.#attempt = attempt\n    this.#held = false',
    },
    'an attempt that was given up goes on putting items': {
      search: 'if (attempt !== this.#attempt || this.#discarded) return\n',
      replace: 'if (this.#discarded) return\n',
    },
  }),

  ...mistakesIn('src/streams/pump.ts', STREAMS, {
    'the producer is closed only after its step': {
      search: 'close().then(() => closed.reject(reason), closed.reject)',
      replace: 'void Promise.resolve(step).then(close).then(() => closed.reject(reason), closed.reject)',
    },
    'a producer without return is not waited for': { search: 'else await step', replace: '' },
    'what closing fails with is lost': {
      search: 'closed.reject(reason), closed.reject)',
      replace: 'closed.reject(reason), () => closed.reject(reason))',
    },
    'the producer runs wild': { search: 'while (credits.available === 0 &&', replace: 'while (false &&' },
    'no turn for the event loop': { search: 'await new Promise<void>(go => void afterTurn(go))', replace: '' },
  }),

  ...mistakesIn('src/streams/stream-reader.ts', STREAMS, {
    'an error overtakes the items before it': {
      search: 'if (this.#readings.length === 0) {',
      replace: 'if (this.#task.ended) return this.#end()\n    if (this.#readings.length === 0) {',
    },
    'leaving does not wait for the producer': {
      search: "'failed'\n    await cancelTask(this.#task)",
      replace: "'failed'\n    void cancelTask(this.#task)",
    },
    'leaving a second time does not wait for the producer': {
      search: '      await cancelTask(this.#task)\n      return OVER',
      replace: '      return OVER',
    },
    'reads that wait hang when the loop is left': {
      search: '    for (const reading of readings) reading.resolve(OVER)\n',
      replace: '',
    },
    'a reader in a knot hangs': {
      search: "reading.wait = Wait.begin(waiter, [this.#task], 'await', error => {",
      replace: "if (waiter) return\n      reading.wait = Wait.begin(waiter as never, [this.#task], 'await', error => {",
    },
  }),

  ...mistakesIn('src/streams/task-stream.ts', STREAMS, {
    'a failure that a reader has not waited for is lost': {
      search: '    report.failed(this.#task)\n',
      replace: '',
    },
    'a failure that its reader gets is reported as well': {
      search: '    this.#task.observed = true\n',
      replace: '',
    },
  }),

  ...mistakesIn(
    'src/worker/child/item-batches.ts',
    ['test/worker/modes/thread.test.ts', 'test/worker/streams.test.ts'],
    {
      'what is made after an item that was lost is sent': { search: '    if (this.#broken) return\n', replace: '' },
      'items wait for more to come with them': { search: 'else if (!this.#announced) this.#announce()', replace: '' },
      'the last items of a stream are not sent': {
        search: '    } finally {\n      this.#post()\n',
        replace: '    } finally {\n',
      },
      'items that could be carried are lost with one that can not': {
        search: 'if (batch.length === 1) throw error',
        replace: 'throw error',
      },
    },
  ),

  ...mistakesIn('src/worker/stream-call.ts', ['test/worker/modes/async.test.ts'], {
    'a stream takes what is for calls with one result': { search: '  refuseRetryUntil(retry)\n', replace: '' },
  }),

  ...mistakesIn('src/distributed/call/call-items.ts', ON_THE_WAY, {
    'items that are fetched twice are read twice': { search: 'this.#number = number\n', replace: '' },
    'credits that were lost are not told again': {
      search: '      this.#tell()\n      this.#fetch().catch',
      replace: '      this.#fetch().catch',
    },
    'items whose news was lost are not looked for': {
      search: '      this.#tell()\n      this.#fetch().catch(error => this.#host.disturbed(error))\n',
      replace: '      this.#tell()\n',
    },
    'fetched items stay on the server': {
      search: 'if (!this.#take(fetched) || fetched.length === 0)',
      replace: 'if (this.#take(fetched))',
    },
    'a stream begins anew after an item was read': {
      search: 'if (this.#sink.restart()) return',
      replace: 'this.#sink.restart()\n    if (this.#number === 0) return',
    },
    'a run that was over takes the stream over': { search: ' || this.#past.has(run)', replace: '' },
  }),

  ...mistakesIn('src/distributed/serve/job-stream.ts', ON_THE_WAY, {
    'credits that are told twice count twice': {
      search: 'const more = total - this.#granted',
      replace: 'const more = total',
    },
    'a producer goes on when its reader is dead': {
      search: 'now() - this.#heardAt > READER_LOST) this',
      replace: 'false) this',
    },
    'the beginning is told once': { search: 'heard ? READER_BEAT : TOLD_AGAIN', replace: 'READER_BEAT * 100' },
    'the end comes before the last items': {
      search: '    await this.#sending\n    this.#over',
      replace: '    this.#over',
    },
    'an item that can not be carried is left out': {
      search: '      return this.#fail(error)\n',
      replace: '      return\n',
    },
  }),
]
