const library = require('tsbpftool');
const testing = require('tsbpftool/testing');

import('./steps.mjs').then(({ smoke }) => smoke(library, testing));
