import { describeOn } from '../../servers/describe-each-server.ts'
import { describeDistributed } from './distributed-suite.ts'

describeOn('redis', 'every mode alike,', describeDistributed)
