import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The longest of them, from the longest on. */
const LONG = [
  'test/worker/modes/distributed-postgres.test.ts',
  'test/distributed/connecting.test.ts',
  'test/cli/tasks.test.ts',
  'test/pages.test.ts',
  'test/worker/modes/thread.test.ts',
  'test/worker/modes/process.test.ts',
  'test/worker/modes/distributed-redis.test.ts',
  'test/compat/tinypool.test.ts',
  'test/worker/host/lifetime.test.ts',
  'test/examples/hash-folder.test.ts',
  'test/distributed/cli-ports.test.ts',
  'test/distributed/limits/shared.test.ts',
  'test/distributed/delays.test.ts',
  'test/progress/processes.test.ts',
  'test/worker/modes/sync.test.ts',
  'test/worker/modes/async.test.ts',
]

/**
 * The order of files in a clean clone. By itself vitest goes by what they took the last time, and without that by their
 * size, so that the modes of workers, a few lines each, would come last, and the cores stand idle until they are over.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    if (files.every(file => this.ctx.cache.getTestSpecificationResult(file) !== undefined)) return sorted
    const rank = ({ moduleId }: TestSpecification) => {
      const index = LONG.findIndex(path => moduleId.endsWith(`/${path}`))
      return index < 0 ? LONG.length : index
    }
    // The files of a project stay together: they share their processes.
    const projects = [...new Set(sorted.map(({ project }) => project))]
    return projects.flatMap(project =>
      sorted.filter(file => file.project === project).toSorted((a, b) => rank(a) - rank(b)),
    )
  }
}
