//! Word lists for titles, names and other text: a few hundred English words, and syllables for invented
//! names. All of them were written for this crate.

use crate::stream::Stream;

const ADJECTIVES: &str = "Last Silent Broken Golden Hidden Crimson Distant Burning Hollow Lost \
    Frozen Secret Restless Bitter Perfect Wild Empty Sacred Savage Gentle Endless Dark Bright \
    Crooked Forgotten Lonely Iron Velvet Midnight Electric Northern Scarlet Strange Quiet Second \
    Final Fallen Blind Cold Little Great Black White Blue Red Green Paper Glass Silver Wooden \
    Stolen Borrowed Careless Faithful Reckless Innocent Guilty Deadly Sweet Sour Honest Wicked \
    Young Old New Royal Common Foreign Native Summer Winter Autumn Spring Sunday Early Late \
    Invisible Impossible Ordinary Dangerous Beautiful Ugly Happy Sad Angry Hungry Thirsty \
    Sleepless Nameless Fearless Heartless Homeless Ageless Painted Buried Wounded Haunted \
    Promised Unfinished";

const NOUNS: &str = "River House Night Garden Mirror Bridge Shadow Letter Winter Street Island \
    Mountain Window Harvest Harbor Station Circus Orchard Canyon Lantern Stranger Daughter \
    Brother Mother Father Sister Widow Soldier Doctor Teacher Thief King Queen Prince Captain \
    Hunter Dancer Painter Pilot Sailor Farmer Butcher Baker Judge Witness Neighbor Guest Orphan \
    Twin Summer Morning Evening Dawn Dusk Storm Rain Snow Thunder Fire Ashes Smoke Dust Stone \
    Salt Honey Bread Wine Blood Bone Heart Hand Eye Voice Song Silence Dream Memory Promise Lie \
    Truth Debt Fortune Journey Road Train Ship Carnival Wedding Funeral Birthday Holiday \
    Homecoming Farewell Kingdom Empire Village City Desert Forest Valley Ocean Shore Lighthouse \
    Tower Castle Cabin Hotel Kitchen Attic Cellar School Prison Hospital Theater Market Factory \
    Wolf Horse Raven Fox Tiger Spider Sparrow Whale Dog Cat Moon Sun Star Comet Planet Horizon \
    Machine Engine Clock Compass Map Key Door Crown Sword Ring Coat Shoe Hat Violin Piano Drum \
    Photograph Diary Secret";

const VERBS: &str = "discovers protects follows betrays rescues confronts loses finds remembers \
    forgets chases escapes invites befriends haunts defends abandons hires trains teaches saves \
    threatens marries leaves joins hides destroys rebuilds investigates steals inherits sells \
    fights trusts doubts challenges replaces imitates mourns searches";

const ROLES: &str = "doctor teacher thief soldier widow painter pilot dancer sailor farmer baker \
    judge student lawyer nurse carpenter singer boxer journalist gardener translator mechanic \
    engineer actor writer scientist waitress prince orphan veteran priest banker clerk gambler \
    hunter";

const GIVEN_NAMES: &str = "Ada Albert Alice Amara Anders Anna Arthur Astrid Bela Bruno Carla \
    Cecil Clara Cyrus Dana Daniel Dora Edgar Elena Elias Emma Enzo Erik Esther Fatima Felix Flora \
    Frank Gemma George Greta Hana Harold Hector Helga Henry Hugo Ida Igor Irene Iris Ivan Jacob \
    Jana Jonas Julia Karim Karl Kenji Laila Lars Laura Leo Lena Lucas Lydia Magda Malik Marco \
    Maria Martin Maya Mei Milan Mina Nadia Naomi Nils Nina Noor Olga Oscar Otto Paula Pedro Petra \
    Priya Ralph Ravi Renata Rita Robin Rosa Rudolf Ruth Samir Sara Selma Simon Sofia Stefan Tara \
    Theo Thomas Tomas Ursula Vera Victor Vincent Walter Wanda Willa Xavier Yara Yusuf Zelda Zoe";

const COMMON_TAGS: &str = "atmospheric|thought-provoking|slow|great acting|twist ending|\
    visually appealing|predictable|boring|quirky|based on a book|beautiful photography|classic|\
    cult film|overlong|good soundtrack|surreal|funny|sad|too short|must see|watch again|\
    female lead|true story|low budget|black and white|remake|sequel|plot holes|great dialogue|\
    bad ending|ensemble cast|nonlinear|small town|coming of age|subtitles|family gathering|\
    unlikely friends|dark humor|strong opening|seen at a festival";

const ACCENTED: &str = "Étoile Forêt Château Été Hélène Sœur Niño Corazón Mañana Señor Canción \
    Über Mädchen Brücke Größe Fräulein Ångström Søster Fjärran Året Łódź Miłość Świat Życie Čas \
    Dítě Kůň Çocuk Gökyüzü Şehir Őszi Szív Inimă Țară Ação Coração São Città Perché";

const OTHER_SCRIPTS: [&str; 9] = [
    "Белый Тихий Последний Дом Снег Река Письмо Дорога Ночь Город",
    "Λευκό Σπίτι Θάλασσα Νύχτα Δρόμος Γράμμα Άνεμος Πόλη",
    "夜の川 白い家 最後の手紙 遠い海 静かな町 赤い橋 冬の朝 青い鳥",
    "하얀 조용한 마지막 집 눈 강 편지 길 밤 도시",
    "白色 安静 最后 房子 雪河 信件 长路 夜城",
    "לבן שקט אחרון בית שלג נהר מכתב דרך לילה",
    "الأبيض الهادئ الأخير البيت النهر الرسالة الطريق الليل",
    "सफ़ेद शांत आख़िरी घर नदी चिट्ठी रास्ता रात",
    "บ้านขาว แม่น้ำ จดหมาย ถนน กลางคืน เมืองเก่า",
];

const ONSETS: &str = "b br c d dr f g gr h j k kr l m n p pr r s sk st t tr v z th sh w";
const VOWELS: &str = "a e i o u a e i o ai ea ou";
const CODAS: &str = "n r l s m t nd rn ck ll rt x v st";

/// The word lists, split into words.
pub(crate) struct Lexicon {
    pub adjectives: Vec<&'static str>,
    pub nouns: Vec<&'static str>,
    pub verbs: Vec<&'static str>,
    pub roles: Vec<&'static str>,
    pub given_names: Vec<&'static str>,
    pub common_tags: Vec<&'static str>,
    pub accented: Vec<&'static str>,
    pub other_scripts: Vec<Vec<&'static str>>,
    onsets: Vec<&'static str>,
    vowels: Vec<&'static str>,
    codas: Vec<&'static str>,
}

impl Lexicon {
    pub fn new() -> Self {
        Self {
            adjectives: split(ADJECTIVES),
            nouns: split(NOUNS),
            verbs: split(VERBS),
            roles: split(ROLES),
            given_names: split(GIVEN_NAMES),
            common_tags: COMMON_TAGS.split('|').collect(),
            accented: split(ACCENTED),
            other_scripts: OTHER_SCRIPTS.iter().map(|words| split(words)).collect(),
            onsets: split(ONSETS),
            vowels: split(VOWELS),
            codas: split(CODAS),
        }
    }

    /// Invents a capitalized word with `syllables` syllables.
    pub fn invent(&self, stream: &mut Stream, syllables: u32) -> String {
        let mut word = String::with_capacity(12);
        for _ in 0..syllables {
            word.push_str(stream.pick(&self.onsets));
            word.push_str(stream.pick(&self.vowels));
        }
        if stream.chance(0.6) {
            word.push_str(stream.pick(&self.codas));
        }
        word[..1].make_ascii_uppercase();
        word
    }

    /// Composes a person's name from a given name and an invented family name.
    pub fn person(&self, stream: &mut Stream) -> String {
        let given = stream.pick(&self.given_names);
        let initial = if stream.chance(0.04) {
            format!(" {}.", char::from(b'A' + stream.below(26) as u8))
        } else {
            String::new()
        };
        let syllables = 2 + stream.below(2);
        format!("{given}{initial} {}", self.invent(stream, syllables))
    }
}

fn split(words: &'static str) -> Vec<&'static str> {
    words.split_whitespace().collect()
}
