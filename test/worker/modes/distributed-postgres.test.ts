import { describeOn } from '../../servers/describe-each-server.ts'
import { describeDistributed } from './distributed-suite.ts'

describeOn('postgres', 'every mode alike,', describeDistributed)
