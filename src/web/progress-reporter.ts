import { StreamReporter } from '../progress/stream-reporter.ts'
import type { ProgressOptions, ProgressReporter } from '../progress/types.ts'

/** In place of `src/progress/progress-reporter.ts`: lines for a stream that was given. There is none by itself, and no bars. */
export async function progressReporter(
  { stream, ...options }: ProgressOptions,
  onError: (error: unknown) => void = () => {},
): Promise<ProgressReporter | undefined> {
  return stream && new StreamReporter({ ...options, stream, bars: undefined, onError })
}
