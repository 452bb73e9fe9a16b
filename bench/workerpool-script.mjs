import workerpool from 'workerpool'
import { echo, fibonacci, length } from './worker-functions.mjs'

workerpool.worker({ echo, fibonacci, length })
