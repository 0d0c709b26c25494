// A chat with rooms and lists of users, as Socket.IO's own examples write it. It stores nothing.
const http = require('node:http');
const { Server } = require('socket.io');

const server = http.createServer();
// The load generator answers no pings of Engine.IO: an hour without them outlasts every run.
const io = new Server(server, { transports: ['websocket'], pingInterval: 3600000 });
const rooms = new Map();

io.on('connection', (socket) => {
  let room = null;
  let username = null;

  socket.on('join', (wanted) => {
    ({ room, username } = wanted);
    socket.join(room);
    if (!rooms.has(room)) rooms.set(room, new Set());
    rooms.get(room).add(username);
    socket.to(room).emit('joined', username);
    socket.emit('users', Array.from(rooms.get(room)));
  });

  socket.on('chat', ({ message }) => io.to(room).emit('chat', { message, username }));

  socket.on('disconnect', () => {
    if (!room) return;
    rooms.get(room).delete(username);
    io.to(room).emit('left', username);
  });
});

server.listen(Number(process.env.PORT || 3000), '127.0.0.1');
