import { distributed } from '../distributed.ts'
import type { CaseResult } from '../types.ts'

export default function distributedRedis(rounds: number): Promise<CaseResult> {
  return distributed('Redis', process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', rounds)
}
