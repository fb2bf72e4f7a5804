/// The rules as the screen knows them; the server has the last word.
const int turnSeconds = 30;
const int maxHand = 7;
const int maxChatLength = 120;
const double cardWidth = 72;
