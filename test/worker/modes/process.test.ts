import { TaskWorker } from '../../../src/worker.ts'
import { FUNCTIONS } from './mode.ts'
import { describeMode } from './suite.ts'

describeMode('process', options => TaskWorker.start({ module: FUNCTIONS, ...options, mode: 'process' }))
