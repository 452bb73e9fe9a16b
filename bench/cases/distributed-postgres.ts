import { distributed } from '../distributed.ts'
import type { CaseResult } from '../types.ts'

export default function distributedPostgres(rounds: number): Promise<CaseResult> {
  return distributed('PostgreSQL', process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/test', rounds)
}
