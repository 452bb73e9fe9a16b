import type { Mutation } from './mutation.ts'

const groundFloor: readonly Mutation[] = [
  {
    name: 'options: a duration of NaN is taken',
    file: 'src/options.ts',
    search: 'if (!(number(option, rule, value) >= 0)) throw',
    replace: 'if (number(option, rule, value) < 0) throw',
    tests: ['test/options'],
  },
  {
    name: 'options: a capacity of zero is taken',
    file: 'src/options.ts',
    search: 'if (!(value >= 1) ||',
    replace: 'if (!(value >= 0) ||',
    tests: ['test/options'],
  },
  {
    name: 'options: an array is taken for an options object',
    file: 'src/options.ts',
    search: " || Array.isArray(value)) throw wrongType(option, 'an object', value)",
    replace: ") throw wrongType(option, 'an object', value)",
    tests: ['test/options'],
  },
  {
    name: 'clock: Infinity arms a timer',
    file: 'src/clock.ts',
    search: 'if (delay === Number.POSITIVE_INFINITY) return NEVER',
    replace: '',
    tests: ['test/clock'],
  },
  {
    name: 'clock: a long delay is cut off at what setTimeout takes',
    file: 'src/clock.ts',
    search: 'remaining > piece ? arm(remaining - piece) : fire()',
    replace: 'fire()',
    tests: ['test/clock'],
  },
  {
    name: 'clock: cancel forgets the later pieces of a long delay',
    file: 'src/clock.ts',
    search: 'handle = setTimeout(',
    replace: 'handle ??= setTimeout(',
    tests: ['test/clock'],
  },
]

const testing: readonly Mutation[] = [
  {
    name: 'testing: real time does not come back after a failure',
    file: 'src/testing/run-virtual.ts',
    search: `    return { value, elapsed: clock.elapsed }
  } finally {
    clock.uninstall()
  }`,
    replace: `    clock.uninstall()
    return { value, elapsed: clock.elapsed }
  } catch (error) {
    throw error
  }`,
    tests: ['test/testing'],
  },
  {
    name: 'testing: imports from node:timers stay real',
    file: 'src/testing/virtual-clock.ts',
    search: 'syncBuiltinESMExports()\n    return',
    replace: 'return',
    tests: ['test/testing'],
  },
  {
    name: 'testing: a deadlock goes on waiting',
    file: 'src/testing/virtual-clock.ts',
    search: 'if (this.#clock.countTimers() === 0) {',
    replace: 'if (this.#clock.countTimers() < 0) {',
    tests: ['test/testing'],
  },
  {
    name: 'testing: the exploration leaves out the last order',
    file: 'src/testing/explore-all.ts',
    search: 'choice.pick + 1 < choice.options',
    replace: 'choice.pick + 2 < choice.options',
    tests: ['test/testing'],
  },
]

/** Every mistake the tests must notice. */
export const MUTATIONS: readonly Mutation[] = [...groundFloor, ...testing]
