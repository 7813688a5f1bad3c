import * as library from 'tsbpftool';
import * as testing from 'tsbpftool/testing';
import { smoke } from './steps.mjs';

await smoke(library, testing);
