// What programs do with Rocket.Chat's own JavaScript clients, one step after the other.

const assert = require('node:assert/strict');
// Node 18 has what the client takes for granted, but not in sight.
globalThis.File ??= require('node:buffer').File;
const { RestClient } = require('@rocket.chat/api-client');

const url = process.env.ROCKETCHAT_URL;
const [username, password] = [process.env.ROCKETCHAT_USER, process.env.ROCKETCHAT_PASSWORD];
const steps = [];
const step = (name, run) => steps.push([name, run]);
const world = {};

/** The body of a refusal, which the client throws as a response. */
async function refused(promise, status) {
  const response = await promise.then(() => assert.fail('was not refused'), (error) => error);
  assert.equal(response.status, status);
  return response.json();
}

async function logIn(name, secret) {
  const client = new RestClient({ baseUrl: url });
  const { data } = await client.post('/v1/login', { user: name, password: secret });
  client.setCredentials({ 'X-User-Id': data.userId, 'X-Auth-Token': data.authToken });
  return client;
}

step('the server says what it is', async () => {
  const client = new RestClient({ baseUrl: url });
  assert.match((await client.get('/info')).version, /^\d+\.\d+/);
  const { settings } = await client.get('/v1/settings.public', { _id: ['Site_Name'] });
  assert.deepEqual(settings.map(({ _id }) => _id), ['Site_Name']);
});

step('logging in', async () => {
  const stranger = new RestClient({ baseUrl: url });
  assert.equal((await refused(stranger.get('/v1/me'), 401)).message, 'You must be logged in to do this.');
  await refused(stranger.post('/v1/login', { user: username, password: 'wrong' }), 401);
  world.admin = await logIn(username, password);
  assert.equal((await world.admin.get('/v1/me')).username, username);
});

step('users', async () => {
  const body = { name: 'Bob', username: 'bob', email: 'bob@example.org', password: 'bobs-password', verified: true };
  world.bob = (await world.admin.post('/v1/users.create', body)).user;
  world.asBob = await logIn('bob', 'bobs-password');
  assert.equal((await world.asBob.get('/v1/users.info', { username })).user.username, username);
  const { users } = await world.admin.get('/v1/users.list', { count: 50, sort: JSON.stringify({ username: 1 }) });
  assert.ok(users.some(({ _id }) => _id === world.bob._id));
  const { items } = await world.admin.get('/v1/users.autocomplete', { selector: JSON.stringify({ term: 'bo' }) });
  assert.deepEqual(items.map((item) => item.username), ['bob']);
});

step('rooms and members', async () => {
  world.room = (await world.admin.post('/v1/channels.create', { name: 'talk', members: ['bob'] })).channel;
  const { members, total } = await world.asBob.get('/v1/channels.members', { roomId: world.room._id });
  assert.deepEqual([members.map((member) => member.username).sort(), total], [[username, 'bob'].sort(), 2]);
  const { room } = await world.asBob.get('/v1/rooms.info', { roomId: world.room._id });
  assert.equal(room.name, 'talk');
  await world.admin.post('/v1/rooms.saveRoomSettings', { rid: world.room._id, roomTopic: 'weather' });
  await world.admin.post('/v1/channels.addModerator', { roomId: world.room._id, userId: world.bob._id });
  const { moderators } = await world.admin.get('/v1/channels.moderators', { roomId: world.room._id });
  assert.deepEqual(moderators.map((moderator) => moderator.username), ['bob']);
  const { update } = await world.asBob.get('/v1/subscriptions.get', {});
  assert.ok(update.some(({ rid, roles }) => rid === world.room._id && roles.includes('moderator')));
  const none = await refused(world.asBob.get('/v1/channels.info', { roomName: 'no-such-room' }), 400);
  assert.equal(none.errorType, 'error-room-not-found');
});

step('messages, threads, reactions', async () => {
  const { message } = await world.asBob.post('/v1/chat.sendMessage', {
    message: { rid: world.room._id, msg: `good morning @${username}` },
  });
  assert.deepEqual(message.mentions.map((mention) => mention.username), [username]);
  world.message = message;
  await world.admin.post('/v1/chat.postMessage', { channel: '#talk', text: 'an answer', tmid: message._id });
  const { messages: replies } = await world.asBob.get('/v1/chat.getThreadMessages', { tmid: message._id });
  assert.deepEqual(replies.map(({ msg }) => msg), ['an answer']);
  await world.admin.post('/v1/chat.react', { messageId: message._id, emoji: 'smile' });
  const { message: read } = await world.asBob.get('/v1/chat.getMessage', { msgId: message._id });
  assert.deepEqual(read.reactions, { ':smile:': { usernames: [username] } });
  assert.equal(read.tcount, 1);
  const { messages: found } = await world.asBob.get('/v1/chat.search', { roomId: world.room._id, searchText: 'morning' });
  assert.deepEqual(found.map(({ _id }) => _id), [message._id]);
  await world.asBob.post('/v1/chat.update', { roomId: world.room._id, msgId: message._id, text: 'good evening' });
  await world.admin.post('/v1/chat.pinMessage', { messageId: message._id });
  const { messages: pinned } = await world.asBob.get('/v1/chat.getPinnedMessages', { roomId: world.room._id });
  assert.deepEqual(pinned.map(({ msg }) => msg), ['good evening']);
});

step('uploads', async () => {
  const form = new FormData();
  form.append('file', new File(['seven bytes'], 'note.txt', { type: 'text/plain' }));
  const { file } = await world.asBob.post(`/v1/rooms.media/${world.room._id}`, form);
  const { message } = await world.asBob.post(`/v1/rooms.mediaConfirm/${world.room._id}/${file._id}`, { msg: 'a note' });
  assert.deepEqual([message.msg, message.file.name], ['a note', 'note.txt']);
  const response = await fetch(url + message.attachments[0].title_link, { headers: world.asBob.getCredentialsAsHeaders() });
  assert.equal(await response.text(), 'seven bytes');
  assert.equal((await fetch(url + message.attachments[0].title_link)).status, 403);
});

step('avatars', async () => {
  const drawn = await fetch(`${url}/avatar/bob`);
  assert.match(drawn.headers.get('content-type'), /^image\/svg\+xml/);
  const pixel =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  await world.asBob.post('/v1/users.setAvatar', { avatarUrl: `data:image/png;base64,${pixel}` });
  const own = await fetch(`${url}/avatar/bob`);
  assert.deepEqual([own.headers.get('content-type'), Buffer.from(await own.arrayBuffer()).toString('base64')], ['image/png', pixel]);
  await world.asBob.post('/v1/users.resetAvatar', { userId: world.bob._id });
});

step('settings and roles', async () => {
  await world.admin.post('/v1/settings/Message_MaxAllowedSize', { value: 20 });
  const refusal = await refused(
    world.asBob.post('/v1/chat.sendMessage', { message: { rid: world.room._id, msg: 'x'.repeat(21) } }), 400);
  assert.equal(refusal.errorType, 'error-message-size-exceeded');
  await world.admin.post('/v1/settings/Message_MaxAllowedSize', { value: 5000 });
  await assert.rejects(world.asBob.post('/v1/settings/Message_MaxAllowedSize', { value: 1 }));
  await world.admin.post('/v1/roles.addUserToRole', { roleId: 'bot', username: 'bob' });
  const { users } = await world.admin.get('/v1/roles.getUsersInRole', { role: 'bot' });
  assert.ok(users.some((user) => user.username === 'bob'));
});

step('webhooks', async () => {
  const { integration } = await world.admin.post('/v1/integrations.create', {
    type: 'webhook-incoming', name: 'build', enabled: true, username: 'bob', channel: '#talk',
    scriptEnabled: false, overrideDestinationChannelEnabled: false,
  });
  const response = await fetch(`${url}/hooks/${integration._id}/${integration.token}`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text: 'built' }),
  });
  assert.deepEqual(await response.json(), { success: true });
  const { messages } = await world.asBob.get('/v1/channels.messages', { roomId: world.room._id, count: 1 });
  assert.deepEqual([messages[0].msg, messages[0].bot.i], ['built', integration._id]);
});

step('methods', async () => {
  const message = JSON.stringify({ msg: 'method', id: '1', method: 'getRoomIdByNameOrId', params: ['talk'] });
  const answer = await world.asBob.post('/v1/method.call/getRoomIdByNameOrId', { message });
  assert.equal(JSON.parse(answer.message).result, world.room._id);
});

step('the export of a room', async () => {
  const order = { rid: world.room._id, type: 'file', format: 'json' };
  const forbidden = await refused(world.asBob.post('/v1/rooms.export', order), 403);
  assert.match(forbidden.error, /error-unauthorized/);
  const { exportId } = await world.admin.post('/v1/rooms.export', order);
  let job;
  for (let tries = 0; tries < 200 && job?.state !== 'completed'; tries += 1) {
    await new Promise((done) => setTimeout(done, 100));
    job = (await world.admin.get('/v1/exports.info', { exportId })).export;
  }
  const file = await fetch(`${url}/data-export/${exportId}`, { headers: world.admin.getCredentialsAsHeaders() });
  const bytes = Buffer.from(await file.arrayBuffer());
  assert.deepEqual([file.status, bytes.subarray(0, 2).toString()], [200, 'PK'], JSON.stringify(job));
});

step('the older SDK', async () => {
  require('@rocket.chat/sdk/dist/lib/log').silence();
  const api = require('@rocket.chat/sdk/dist/lib/api');
  await api.login({ username, password });
  assert.ok((await api.users.allNames()).includes('bob'));
  assert.ok(Array.isArray(await api.users.onlineNames()));
  await api.logout();
});

(async () => {
  for (const [name, run] of steps) {
    try {
      await run();
      console.log(`ok      ${name}`);
    } catch (error) {
      const said = error instanceof Response ? `${error.status} ${error.url} ${await error.text()}` : error.stack;
      console.log(`FAILED  ${name}\n${said}`);
      process.exitCode = 1;
    }
  }
  process.exit();
})();
